/**
 * VMI, VMware's Virtual Machine Interface 3.0 for 32-bit Linux: {@link trivium.vmi.Rom} is the
 * option ROM that a guest's kernel finds and calls, {@link trivium.vmi.VmiDevice} puts it into the
 * guest and answers what takes more than instructions, {@link trivium.vmi.VmiEngine} runs such a
 * guest on top of another engine.
 */
package trivium.vmi;
