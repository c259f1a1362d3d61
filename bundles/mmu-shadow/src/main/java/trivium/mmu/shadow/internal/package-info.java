/** The {@code shadow} MMU strategy. */
package trivium.mmu.shadow.internal;
