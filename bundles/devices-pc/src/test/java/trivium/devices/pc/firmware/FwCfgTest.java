package trivium.devices.pc.firmware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import trivium.device.DeviceOptions;
import trivium.device.FirmwareConfig;
import trivium.devices.pc.FakePlatform;
import trivium.vm.VmException;

class FwCfgTest {
    private final FakePlatform pc = new FakePlatform();
    private FwCfg device;

    @BeforeEach
    void make() throws VmException {
        device = new FwCfg.Factory().create(pc, new DeviceOptions("fw-cfg", Map.of()));
        device.reset();
    }

    @Test
    void showsSignatureAndId() {
        assertThat(item(0, 4)).isEqualTo("QEMU".getBytes(StandardCharsets.US_ASCII));
        assertThat(item(1, 6)).containsExactly(3, 0, 0, 0, 0, 0);
        assertThat(pc.in(0x514, 4)).isEqualTo(0x554d4551);
        assertThat(pc.in(0x518, 4)).isEqualTo(0x47464320);
    }

    @Test
    void listsFilesAndReadsThem() {
        pc.get(FirmwareConfig.class).addFile("opt/test", new byte[] {1, 2, 3});
        Map<String, byte[]> files = files();
        assertThat(files)
                .containsKeys(
                        "bootorder",
                        "etc/e820",
                        "etc/acpi/rsdp",
                        "etc/acpi/tables",
                        "etc/table-loader",
                        "etc/smbios/smbios-anchor");
        assertThat(files.get("opt/test")).containsExactly(1, 2, 3);
        assertThat(files.get("etc/e820"))
                .isEqualTo(new ByteWriter().u64(0).u64(1 << 20).u32(1).toBytes());
        assertThat(files.get("etc/smbios/smbios-anchor")).hasSize(31);
    }

    @Test
    void copiesByDma() {
        var descriptor = new ByteWriter().be32(1 << 16 | 8 | 2).be32(8).be32(0).be32(0x3000);
        pc.memory().write(0x2000, descriptor.toBytes(), 0, 16);
        pc.memory().write(0x3004, 4, -1);
        pc.out(0x514, 4, 0);
        pc.out(0x518, 4, Integer.reverseBytes(0x2000));
        assertThat(pc.memory().read(0x2000, 4)).isZero();
        assertThat(pc.memory().read(0x3000, 8)).isEqualTo(3);
    }

    @Test
    void reportsRefusedDmaWrites() {
        var descriptor = new ByteWriter().be32(1 << 16 | 8 | 16).be32(4).be32(0).be32(0x3000);
        pc.memory().write(0x2000, descriptor.toBytes(), 0, 16);
        pc.out(0x518, 4, Integer.reverseBytes(0x2000));
        assertThat(pc.memory().read(0x2000, 4)).isEqualTo(0x0100_0000);
    }

    @Test
    void bootOrderFollowsTheConfiguration() {
        pc.properties.put("boot-order", "network,floppy");
        assertThat(new String(files().get("bootorder"), StandardCharsets.US_ASCII))
                .isEqualTo("/pci@i0cf8/isa@1/fdc@03f0/floppy@0\n\0");
    }

    @Test
    void keepsItsPlaceAcrossSaveAndRestore() {
        pc.out(0x510, 2, 0);
        pc.in(0x511);
        FwCfg.State state = device.save();
        device.reset();
        device.restore(state);
        assertThat(pc.in(0x511)).isEqualTo('E');
        assertThatThrownBy(() -> device.restore(new MemoryMap(1, 1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesUnknownOptions() {
        var options = new DeviceOptions("fw-cfg", Map.of("nonsense", "1"));
        assertThatThrownBy(() -> new FwCfg.Factory().create(new FakePlatform(), options))
                .isInstanceOf(VmException.class);
    }

    @Test
    void survivesRandomAccesses() {
        var random = new Random(11);
        var ports = pc.claimedPorts();
        for (int i = 0; i < 20_000; i++) {
            int port = ports.get(random.nextInt(ports.size()));
            int size = 1 << random.nextInt(3);
            pc.in(port, size);
            pc.out(port, size, random.nextInt() >>> random.nextInt(32));
        }
        assertThat(item(0, 1)).containsExactly('Q');
    }

    private byte[] item(int key, int length) {
        pc.out(0x510, 2, key);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) pc.in(0x511);
        }
        return bytes;
    }

    private Map<String, byte[]> files() {
        Map<String, byte[]> files = new LinkedHashMap<>();
        int count = ByteBuffer.wrap(item(0x19, 4)).getInt();
        ByteBuffer directory = ByteBuffer.wrap(item(0x19, 4 + 64 * count)).position(4);
        for (int i = 0; i < count; i++) {
            int size = directory.getInt();
            int key = directory.getInt() >>> 16;
            byte[] name = new byte[56];
            directory.get(name);
            String text = new String(name, StandardCharsets.US_ASCII);
            files.put(text.substring(0, text.indexOf('\0')), item(key, size));
        }
        assertThat(Arrays.stream(files.keySet().toArray())).doesNotHaveDuplicates();
        return files;
    }
}
