package trivium.vt;

import java.util.ArrayList;
import java.util.List;
import trivium.cpu.CpuModel;
import trivium.hostos.KvmCpuid2;
import trivium.hostos.KvmCpuid2.Leaf;
import trivium.x86.interp.Cpuid;

/**
 * What the guest's CPUID says, as a table for KVM: the VM's CPU model, nothing of the host. One
 * thing KVM cannot do: the SYSCALL bit is there outside 64-bit mode, too.
 */
final class CpuidTable {
    private static final int EXTENDED = 0x8000_0000, HYPERVISOR = 0x4000_0000;
    private static final int CACHES = 4, FEATURES = 7;

    /** Leaves that are answered, with zeros beyond the model's: KVM else answers like leaf 7. */
    private static final int BASIC_LEAVES = 0x20, EXTENDED_LEAVES = 0x20, HYPERVISOR_LEAVES = 2;

    private CpuidTable() {}

    static KvmCpuid2 of(CpuModel model, boolean apicEnabled, int apicId) {
        Cpuid cpuid = new Cpuid(model);
        List<Leaf> leaves = new ArrayList<>();
        for (int i = 0; i < BASIC_LEAVES; i++) {
            int subleaves = i == CACHES ? 4 : i == FEATURES ? 2 : 0;
            for (int sub = 0; sub < subleaves; sub++) {
                leaves.add(leaf(cpuid, i, sub, apicEnabled, apicId));
            }
            if (subleaves == 0) {
                leaves.add(leaf(cpuid, i, -1, apicEnabled, apicId));
            }
        }
        for (int i = 0; i < HYPERVISOR_LEAVES; i++) {
            leaves.add(leaf(cpuid, HYPERVISOR + i, -1, apicEnabled, apicId));
        }
        for (int i = 0; i < EXTENDED_LEAVES; i++) {
            leaves.add(leaf(cpuid, EXTENDED + i, -1, apicEnabled, apicId));
        }
        KvmCpuid2 table = new KvmCpuid2(leaves.size());
        for (int i = 0; i < leaves.size(); i++) {
            table.set(i, leaves.get(i));
        }
        return table;
    }

    private static Leaf leaf(Cpuid cpuid, int leaf, int sub, boolean apicEnabled, int apicId) {
        cpuid.answer(leaf, Math.max(sub, 0), true, apicEnabled, apicId);
        return new Leaf(leaf, sub, cpuid.eax, cpuid.ebx, cpuid.ecx, cpuid.edx);
    }
}
