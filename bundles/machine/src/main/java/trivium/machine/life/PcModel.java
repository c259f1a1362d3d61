package trivium.machine.life;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import trivium.cpu.CpuModel;
import trivium.vm.VmConfig;
import trivium.vm.VmConfig.DeviceSpec;

/** The board "pc": which device models it has, in the order they are made. */
public final class PcModel {
    private static final List<String> CHIPSET =
            List.of(
                    "i440fx", "piix3", "pic", "pit", "speaker", "rtc", "dma", "i8042", "port92",
                    "port80", "ferr", "serial", "fw-cfg", "vga", "ide", "floppy", "piix4pm");
    private static final List<String> APICS = List.of("lapic", "ioapic", "hpet");

    /** An engine and a device that belong together. */
    private static final String PARAVIRTUAL = "vmi";

    private PcModel() {}

    /** The board's own devices, with the configuration's options for them, then the others. */
    public static List<DeviceSpec> devices(VmConfig config) {
        List<String> models = new ArrayList<>(CHIPSET);
        if (config.cpu().atLeast(CpuModel.I386)) {
            models.add(models.indexOf("fw-cfg"), "vmport"); // SMBIOS tables tell of it
        }
        if (config.cpu().atLeast(CpuModel.PENTIUM3)) {
            models.addAll(APICS);
        }
        if (config.engine().equals(PARAVIRTUAL)) {
            models.add(PARAVIRTUAL); // the ROM by which the guest finds it
        }
        if (config.debugExit()) {
            models.add("debug-exit");
        }
        Set<DeviceSpec> used = new HashSet<>();
        List<DeviceSpec> all = new ArrayList<>();
        for (String model : models) {
            DeviceSpec spec = find(config.devices(), model);
            used.add(spec);
            all.add(spec);
        }
        config.devices().stream().filter(d -> !used.contains(d)).forEach(all::add);
        return all;
    }

    private static DeviceSpec find(List<DeviceSpec> configured, String model) {
        return configured.stream()
                .filter(d -> d.model().equals(model))
                .findFirst()
                .orElse(new DeviceSpec(model, Map.of()));
    }
}
