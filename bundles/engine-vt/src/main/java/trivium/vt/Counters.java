package trivium.vt;

import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;

/** What a vCPU did, by name. Written by the vCPU's thread alone. */
final class Counters {
    enum Of {
        KVM_ENTRIES("kvm-entries"),
        EXIT_IO("kvm-exit-io"),
        EXIT_MMIO("kvm-exit-mmio"),
        EXIT_HLT("kvm-exit-hlt"),
        EXIT_IRQ_WINDOW("kvm-exit-irq-window"),
        EXIT_TPR("kvm-exit-tpr"),
        EXIT_MSR("kvm-exit-msr"),
        EXIT_KICK("kvm-exit-kick"),
        EXIT_TRAP("kvm-exit-trap"),
        SHADOW_MISSES("shadow-misses"),
        CODE_VETTED("code-pages-vetted"),
        CODE_REFUSED("code-pages-refused"),
        EXIT_SHUTDOWN("kvm-exit-shutdown"),
        EXIT_INTERNAL_ERROR("kvm-exit-internal-error"),
        EXIT_FAIL_ENTRY("kvm-exit-fail-entry"),
        STATE_LOADS("state-loads"),
        STATE_STORES("state-stores"),
        SOFTWARE_STRETCHES("software-stretches"),
        KVM_NANOS("kvm-nanos"),
        TRANSFER_NANOS("transfer-nanos"),
        SOFTWARE_NANOS("software-nanos");

        final String text;

        Of(String text) {
            this.text = text;
        }
    }

    private final AtomicLongArray counts = new AtomicLongArray(Of.values().length);

    void count(Of what) {
        add(what, 1);
    }

    void add(Of what, long n) {
        int i = what.ordinal();
        counts.setPlain(i, counts.getPlain(i) + n);
    }

    long get(Of what) {
        return counts.get(what.ordinal());
    }

    void addTo(Map<String, Long> all) {
        for (Of what : Of.values()) {
            if (get(what) != 0) {
                all.put(what.text, get(what));
            }
        }
    }
}
