/**
 * The VT engine: the host's CPU runs the guest, through Linux KVM (VT-x, AMD-V). {@link
 * trivium.vt.VtRunner} runs a vCPU, {@link trivium.vt.VtVm} is what the vCPUs of a VM share, {@link
 * trivium.vt.KvmState} carries state in and out, {@link trivium.vt.Measurement} finds out what the
 * host is good for.
 */
package trivium.vt;
