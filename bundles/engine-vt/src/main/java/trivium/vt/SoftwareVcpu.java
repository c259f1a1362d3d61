package trivium.vt;

import trivium.cpu.Vcpu;
import trivium.x86.plain.WrappedVcpu;

/**
 * The vCPU as the software engine sees it: the same, but that an event which KVM had accepted and
 * not delivered yet waits in front of all others.
 */
final class SoftwareVcpu extends WrappedVcpu {
    private int owedVector = -1;
    private boolean owedNmi;

    SoftwareVcpu(Vcpu vcpu) {
        super(vcpu);
    }

    void owe(int vector, boolean nmi) {
        owedVector = vector;
        owedNmi = nmi;
    }

    boolean owing() {
        return owedVector >= 0 || owedNmi;
    }

    @Override
    public int pending() {
        return vcpu.pending() | (owedVector >= 0 ? INTR : 0) | (owedNmi ? NMI : 0);
    }

    @Override
    public boolean take(int bit) {
        if (bit == NMI && owedNmi) {
            owedNmi = false;
            return true;
        }
        return vcpu.take(bit);
    }

    @Override
    public int acknowledgeInterrupt() {
        int vector = owedVector;
        owedVector = -1;
        return vector >= 0 ? vector : vcpu.acknowledgeInterrupt();
    }
}
