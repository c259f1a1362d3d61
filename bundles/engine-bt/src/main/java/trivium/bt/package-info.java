/**
 * The BT engine: turns hot guest code into x86-64 host code. {@link trivium.bt.Translator} writes
 * it, {@link trivium.bt.BtAccelerator} runs it under the interpreter of the x86 bundle.
 */
package trivium.bt;
