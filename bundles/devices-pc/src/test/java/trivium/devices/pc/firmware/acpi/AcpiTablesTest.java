package trivium.devices.pc.firmware.acpi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import trivium.device.FirmwareConfig;
import trivium.devices.pc.FakePlatform;
import trivium.devices.pc.firmware.MemoryMap;

/** Runs the linker script as firmware does, then looks at the tables where it put them. */
class AcpiTablesTest {
    private final Map<String, byte[]> files = new HashMap<>();
    private final Map<String, Integer> placed = new HashMap<>();
    private final ByteBuffer memory = ByteBuffer.allocate(1 << 17).order(ByteOrder.LITTLE_ENDIAN);
    private final Map<String, byte[]> tables = new LinkedHashMap<>();
    private int free = 0x1000;

    @BeforeEach
    void link() {
        var pc = new FakePlatform();
        pc.cpuCount = 3;
        AcpiTables.describe(pc, MemoryMap.of(pc.memory()))
                .addTo(
                        new FirmwareConfig() {
                            @Override
                            public void addFile(String name, byte[] data) {
                                files.put(name, data);
                            }

                            @Override
                            public void setItem(int key, byte[] data) {
                                throw new AssertionError("no items here");
                            }
                        });
        ByteBuffer script =
                ByteBuffer.wrap(files.get("etc/table-loader")).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < script.capacity(); at += 128) {
            execute(script, at);
        }
        int rsdp = placed.get("etc/acpi/rsdp");
        assertThat(sum(rsdp, 20)).isZero();
        walk(memory.getInt(rsdp + 16));
    }

    @Test
    void everyTableHasARightChecksum() {
        assertThat(tables).containsOnlyKeys("RSDT", "FACP", "APIC", "HPET", "DSDT", "FACS");
        tables.forEach((name, bytes) -> {
            int sum = 0;
            for (byte b : bytes) {
                sum += b;
            }
            assertThat(name.equals("FACS") || (sum & 0xff) == 0).as(name).isTrue();
        });
    }

    @Test
    void fadtPointsToThePiix4() {
        ByteBuffer fadt = ByteBuffer.wrap(tables.get("FACP")).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(fadt.capacity()).isEqualTo(244);
        assertThat(fadt.getShort(46)).isEqualTo((short) 9);
        assertThat(fadt.getInt(48)).isEqualTo(0xb2);
        assertThat(fadt.getInt(56)).isEqualTo(0x600);
        assertThat(fadt.getInt(64)).isEqualTo(0x604);
        assertThat(fadt.getInt(76)).isEqualTo(0x608);
        assertThat(fadt.getInt(80)).isEqualTo(0xafe0);
        assertThat(fadt.getLong(120)).isEqualTo(0xcf9);
        assertThat(fadt.get(128)).isEqualTo((byte) 6);
        assertThat(fadt.getLong(140)).isEqualTo(fadt.getInt(40));
    }

    @Test
    void madtHasEachProcessorAndOneIoApic() {
        byte[] madt = tables.get("APIC");
        int[] kinds = new int[8];
        for (int at = 44; at < madt.length; at += madt[at + 1]) {
            kinds[madt[at]]++;
        }
        assertThat(kinds).containsExactly(3, 1, 5, 0, 1, 0, 0, 0);
    }

    @Test
    void encodesPackageLengthsOfEverySize() {
        for (int bytes : new int[] {0, 10, 56, 62, 63, 64, 4000, 4089, 4095, 70_000, 1 << 20}) {
            byte[] term = Aml.scope("ABCD", new byte[bytes]);
            int follow = (term[1] & 0xff) >>> 6;
            int length = follow == 0 ? term[1] & 0x3f : term[1] & 0xf;
            for (int i = 0; i < follow; i++) {
                length |= (term[2 + i] & 0xff) << 4 + 8 * i;
            }
            assertThat(length).as("%d bytes", bytes).isEqualTo(term.length - 1);
        }
    }

    @Test
    void encodesNamesAndIds() {
        assertThat(Aml.eisaId("PNP0A03")).containsExactly(0x0c, 0x41, 0xd0, 0x0a, 0x03);
        assertThat(Aml.path("\\_SB.PCI0"))
                .isEqualTo("\\._SB_PCI0".getBytes(StandardCharsets.US_ASCII));
    }

    /** For inspection with iasl: {@code -Dtrivium.acpi.dump=DIRECTORY}. */
    @Test
    void dumpsTablesWhereAskedTo() throws IOException {
        String directory = System.getProperty("trivium.acpi.dump");
        org.junit.jupiter.api.Assumptions.assumeTrue(directory != null, "no directory given");
        for (var table : tables.entrySet()) {
            Files.write(Path.of(directory, table.getKey() + ".aml"), table.getValue());
        }
    }

    private void execute(ByteBuffer script, int at) {
        String file = name(script, at + 4);
        switch (script.getInt(at)) {
            case 1 -> place(file, script.getInt(at + 60));
            case 2 -> {
                int pointer = placed.get(file) + script.getInt(at + 116);
                int source = placed.get(name(script, at + 60));
                assertThat((int) script.get(at + 120)).isIn(4, 8);
                memory.putInt(pointer, memory.getInt(pointer) + source);
            }
            case 3 -> {
                int base = placed.get(file);
                int sum = sum(base + script.getInt(at + 64), script.getInt(at + 68));
                int where = base + script.getInt(at + 60);
                memory.put(where, (byte) (memory.get(where) - sum));
            }
            default -> throw new AssertionError("command " + script.getInt(at));
        }
    }

    private void place(String file, int align) {
        free = (free + align - 1) / align * align;
        placed.put(file, free);
        memory.put(free, files.get(file));
        free += files.get(file).length;
    }

    private void walk(int rsdt) {
        add(rsdt);
        for (int at = rsdt + 36; at < rsdt + memory.getInt(rsdt + 4); at += 4) {
            add(memory.getInt(at));
            if (signature(memory.getInt(at)).equals("FACP")) {
                add(memory.getInt(memory.getInt(at) + 36));
                add(memory.getInt(memory.getInt(at) + 40));
            }
        }
    }

    private void add(int at) {
        byte[] table = new byte[memory.getInt(at + 4)];
        memory.get(at, table);
        tables.put(signature(at), table);
    }

    private String signature(int at) {
        byte[] four = new byte[4];
        memory.get(at, four);
        return new String(four, StandardCharsets.US_ASCII);
    }

    private static String name(ByteBuffer script, int at) {
        byte[] name = new byte[56];
        script.get(at, name);
        String text = new String(name, StandardCharsets.US_ASCII);
        return text.substring(0, text.indexOf('\0'));
    }

    private int sum(int at, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += memory.get(at + i);
        }
        return sum & 0xff;
    }
}
