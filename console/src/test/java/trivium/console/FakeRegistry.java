package trivium.console;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntConsumer;
import trivium.cpu.CpuModel;
import trivium.vm.MemoryReport;
import trivium.vm.Vm;
import trivium.vm.VmConfig;
import trivium.vm.VmException;
import trivium.vm.VmListener;
import trivium.vm.VmRegistry;
import trivium.vm.VmState;

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
    public Vm fork(String id, Optional<String> name) throws VmException {
        if (find(id).isEmpty()) {
            throw new VmException("no VM '%s'".formatted(id));
        }
        return add(name.orElse(id + "-1"));
    }

    @Override
    public TemporaryVm temporary(VmConfig config, IntConsumer com1) throws VmException {
        throw new VmException("no room");
    }

    @Override
    public void delete(String id) {
        vms.removeIf(vm -> vm.id().equals(id));
    }

    @Override
    public MemoryReport memory() {
        var group =
                new MemoryReport.Group("lab", List.of("one", "two"), 5L << 20, 6L << 20, 7.5, 8);
        var one = new MemoryReport.OfVm("one", "lab", 64L << 20, 10L << 20, 20L << 20, 0, 3);
        var two = new MemoryReport.OfVm("two", "", 32L << 20, 1L << 20, 0, 4L << 20, 1);
        return new MemoryReport(
                List.of(one, two), List.of(group), 31L << 20, 99L << 20, 1L << 30, 4, 49_000);
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
    public List<PartUse> uses() {
        return vms.stream()
                .filter(vm -> vm.state == VmState.RUNNING)
                .map(vm -> new PartUse(vm.id(), "engine bt", 5, "waits until it is back"))
                .toList();
    }

    @Override
    public AutoCloseable listen(VmListener listener) {
        return () -> {};
    }
}
