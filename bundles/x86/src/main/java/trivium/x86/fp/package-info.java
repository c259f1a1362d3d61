/**
 * The x87's arithmetic: 80-bit extended numbers with all precisions, rounding modes and exceptions,
 * exact to the bit. Knows nothing of registers or memory. Not exported.
 */
package trivium.x86.fp;
