package trivium.vt;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import trivium.hostos.Kvm;
import trivium.hostos.KvmException;

/** Whether this host's KVM is there and has what the engine needs. Found out anew each time. */
final class KvmHost {
    private record Need(int cap, String name) {}

    /** The youngest is of Linux 5.10. */
    private static final List<Need> NEEDS =
            List.of(
                    new Need(Kvm.CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"),
                    new Need(Kvm.CAP_READONLY_MEM, "KVM_CAP_READONLY_MEM"),
                    new Need(Kvm.CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"),
                    new Need(Kvm.CAP_VCPU_EVENTS, "KVM_CAP_VCPU_EVENTS"),
                    new Need(Kvm.CAP_DEBUGREGS, "KVM_CAP_DEBUGREGS"),
                    new Need(Kvm.CAP_XSAVE, "KVM_CAP_XSAVE"),
                    new Need(Kvm.CAP_X86_USER_SPACE_MSR, "KVM_CAP_X86_USER_SPACE_MSR"),
                    new Need(Kvm.CAP_X86_MSR_FILTER, "KVM_CAP_X86_MSR_FILTER"));

    /** What people may want to know besides. */
    static final Map<String, Integer> MORE =
            Map.of(
                    "KVM_CAP_TSC_CONTROL", Kvm.CAP_TSC_CONTROL,
                    "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2", Kvm.CAP_MANUAL_DIRTY_LOG_PROTECT2,
                    "KVM_CAP_NR_MEMSLOTS", Kvm.CAP_NR_MEMSLOTS,
                    "KVM_CAP_MAX_VCPUS", Kvm.CAP_MAX_VCPUS,
                    "KVM_CAP_EXIT_ON_EMULATION_FAILURE", Kvm.CAP_EXIT_ON_EMULATION_FAILURE);

    private KvmHost() {}

    /** Why the engine cannot be used here, in one sentence; empty if it can. */
    static Optional<String> obstacle() {
        try (Kvm kvm = Kvm.open()) {
            return obstacle(kvm);
        } catch (KvmException e) {
            return Optional.of(explain(e));
        } catch (IOException e) {
            return Optional.of(e.getMessage());
        }
    }

    private static Optional<String> obstacle(Kvm kvm) throws IOException {
        if (kvm.apiVersion() != Kvm.API_VERSION) {
            return Optional.of("KVM's API has version %d, not 12".formatted(kvm.apiVersion()));
        }
        for (Need need : NEEDS) {
            if (kvm.extension(need.cap) == 0) {
                return Optional.of(
                        "this kernel's KVM has no %s, Linux 5.10 has".formatted(need.name));
            }
        }
        kvm.createVm().close();
        return Optional.empty();
    }

    private static String explain(KvmException e) {
        return switch (e.errno()) {
            case KvmException.ENOENT ->
                    "there is no /dev/kvm: the CPU has no VT-x or AMD-V, the firmware disables it,"
                            + " or the module kvm_intel or kvm_amd is not loaded";
            case KvmException.EACCES, KvmException.EPERM ->
                    "user %s may not open /dev/kvm: as root, usermod -aG kvm %s, then log in anew"
                            .formatted(
                                    System.getProperty("user.name"),
                                    System.getProperty("user.name"));
            case KvmException.ENOMEM -> "KVM has no memory for a VM: " + e.getMessage();
            default -> e.getMessage();
        };
    }
}
