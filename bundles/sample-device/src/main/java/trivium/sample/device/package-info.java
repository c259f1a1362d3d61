/** A device bundle to begin with. */
package trivium.sample.device;
