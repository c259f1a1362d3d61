/** Performance relative to native: measures engines and MMU strategies on the bench guests. */
package trivium.bench;
