package trivium.console;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import trivium.cpu.CpuModel;
import trivium.vm.Vm;
import trivium.vm.VmConfig;
import trivium.vm.VmException;
import trivium.vm.VmListener;
import trivium.vm.VmRegistry;

/** Keeps fake VMs. */
final class FakeRegistry implements VmRegistry {
    final List<FakeVm> vms = new ArrayList<>();

    FakeVm add(String name) {
        var boot =
                new VmConfig.Boot(
                        Optional.empty(), Optional.empty(), Optional.empty(), "", List.of(), "");
        var vm =
                new FakeVm(
                        new VmConfig(
                                name,
                                "auto",
                                "auto",
                                CpuModel.PENTIUM3,
                                2,
                                64,
                                List.of(),
                                boot,
                                "console",
                                false,
                                Map.of(),
                                Optional.empty(),
                                false,
                                false));
        vms.add(vm);
        return vm;
    }

    @Override
    public List<Vm> list() {
        return List.copyOf(vms);
    }

    @Override
    public Optional<Vm> find(String id) {
        return list().stream().filter(vm -> vm.id().equals(id)).findFirst();
    }

    @Override
    public Vm create(VmConfig config) throws VmException {
        if (find(config.name()).isPresent()) {
            throw new VmException("a VM '%s' exists already".formatted(config.name()));
        }
        vms.add(new FakeVm(config));
        return vms.getLast();
    }

    @Override
    public void delete(String id) {
        vms.removeIf(vm -> vm.id().equals(id));
    }

    @Override
    public List<StrategyInfo> engines() {
        return List.of(
                new StrategyInfo("interpreter", "The reference", Optional.empty()),
                new StrategyInfo("vt", "VT-x and AMD-V", Optional.of("no /dev/kvm")));
    }

    @Override
    public List<StrategyInfo> mmuStrategies() {
        return List.of(new StrategyInfo("softtlb", "Software TLB", Optional.empty()));
    }

    @Override
    public List<DeviceInfo> devices() {
        return List.of(
                new DeviceInfo("vga", "VGA", Map.of("vram", "MiB of video memory")),
                new DeviceInfo("i8254", "Timer", Map.of()));
    }

    @Override
    public AutoCloseable listen(VmListener listener) {
        return () -> {};
    }
}
