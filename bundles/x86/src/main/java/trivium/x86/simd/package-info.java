/** What MMX and SSE instructions compute, as functions on 64-bit halves; no CPU state. */
package trivium.x86.simd;
