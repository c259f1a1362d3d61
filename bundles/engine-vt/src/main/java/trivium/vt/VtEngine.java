package trivium.vt;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import org.osgi.service.component.annotations.Component;
import trivium.cpu.CodeKind;
import trivium.cpu.Estimate;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.cpu.Vcpu;
import trivium.cpu.VcpuRunner;
import trivium.hostos.Kvm;
import trivium.memory.PhysicalMemory;
import trivium.mmu.MmuStrategy;

/** Hardware assist: the host's CPU runs the guest, through KVM. */
@Component
public final class VtEngine implements ExecutionEngine {
    /** Which guest code KVM runs. */
    public enum Scope {
        /** All it can. */
        ALL,
        /** 64-bit ring 3; the rest is a software engine's. For KVMs that emulate ring 0. */
        USER,
        /** What was measured to be faster. */
        MEASURED
    }

    private final Scope scope;

    /** By VM: its vCPUs have one memory. */
    private final Map<PhysicalMemory, VtVm> vms = new WeakHashMap<>();

    public VtEngine() {
        this(
                Scope.valueOf(
                        System.getProperty("trivium.vt.scope", "MEASURED")
                                .toUpperCase(java.util.Locale.ROOT)));
    }

    public VtEngine(Scope scope) {
        this.scope = scope;
    }

    @Override
    public String name() {
        return "vt";
    }

    @Override
    public String description() {
        return "hardware assist (VT-x, AMD-V) through Linux KVM";
    }

    @Override
    public Support supportOn(Host host) {
        Optional<String> obstacle = KvmHost.obstacle();
        return obstacle.isPresent() ? new Support.No(obstacle.get()) : Support.YES;
    }

    @Override
    public boolean preferredOn(Host host) {
        return Measurement.ring0Native() && Measurement.quick().preferred();
    }

    /** Whether KVM runs ring 3 alone. */
    private boolean userOnly() {
        return switch (scope) {
            case ALL -> false;
            case USER -> true;
            case MEASURED -> Measurement.quick().userAlone();
        };
    }

    /** What KVM does not run goes on a software engine, in pieces. */
    @Override
    public Estimate estimateOn(Host host) {
        Measurement measured = Measurement.quick();
        boolean all = measured.kernelsNative();
        if (!all && !measured.userAlone()) {
            return Estimate.NONE;
        }
        return new Estimate(
                Map.of(
                        CodeKind.REAL, all ? 0.95 : 0.29,
                        CodeKind.KERNEL_32, all ? 0.95 : 0.34,
                        CodeKind.KERNEL_64, all ? 0.95 : 0.34,
                        CodeKind.USER_32, all ? 0.95 : 0.53,
                        CodeKind.USER_64, all ? 0.95 : 0.9),
                all && !measured.ownTsc()
                        ? Optional.of("the time-stamp counter runs at the host's rate")
                        : Optional.empty());
    }

    @Override
    public VcpuRunner attach(Vcpu vcpu, MmuStrategy mmu) {
        boolean userOnly = userOnly();
        try (Kvm kvm = Kvm.open()) {
            boolean ownTsc = kvm.extension(Kvm.CAP_TSC_CONTROL) != 0;
            synchronized (vms) {
                VtVm vm = vms.get(vcpu.memory());
                if (vm == null) {
                    vm = new VtVm(kvm, vcpu.memory(), userOnly);
                    vms.put(vcpu.memory(), vm);
                }
                return userOnly
                        ? new UserRunner(this, vm, vcpu, mmu)
                        : new FullRunner(this, vm, vcpu, mmu, ownTsc);
            }
        } catch (IOException e) {
            throw new IllegalStateException("KVM: " + e.getMessage(), e);
        }
    }

    /** A runner was closed. */
    void leave(VtVm vm, Vcpu vcpu, VtRunner runner) {
        synchronized (vms) {
            if (vm.leave(vcpu.index(), runner)) {
                vms.remove(vcpu.memory(), vm);
            }
        }
    }
}
