package trivium.vmi;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RomTest {
    private static ByteBuffer rom(Rom.Variant variant) {
        return ByteBuffer.wrap(Pc.rom(variant, Map.of())).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static String text(ByteBuffer rom, int at) {
        StringBuilder text = new StringBuilder();
        for (int i = at; rom.get(i) != 0; i++) {
            text.append((char) rom.get(i));
        }
        return text.toString();
    }

    @ParameterizedTest
    @EnumSource
    void hasTheHeaderThatLinuxLooksFor(Rom.Variant variant) {
        ByteBuffer rom = rom(variant);

        assertThat(rom.getShort(0)).isEqualTo((short) 0xaa55);
        assertThat(rom.get(2) * 512).isEqualTo(rom.capacity());
        assertThat(rom.get(3)).as("retf for firmware").isEqualTo((byte) 0xcb);
        assertThat(rom.getInt(8)).isEqualTo(0x696d_5663);
        assertThat(rom.getShort(0x0c)).as("API 3.0").isEqualTo((short) 0x0300);
        assertThat(rom.get(0x0e)).isEqualTo((byte) 74);
        assertThat(rom.getInt(0x10)).isEqualTo(0xfc00_0000);
        assertThat(Rom.checksum(rom.array(), 0, rom.capacity())).isZero();
    }

    @Test
    void licenceManufacturerAndProductAreTexts() {
        ByteBuffer rom = rom(Rom.Variant.FULL);
        int pnp = rom.getShort(0x1a);

        assertThat(text(rom, rom.getShort(0x16))).isEqualTo("GPL v2");
        assertThat(new String(rom.array(), pnp, 4, StandardCharsets.US_ASCII)).isEqualTo("$PnP");
        assertThat(Rom.checksum(rom.array(), pnp, rom.get(pnp + 5) * 16)).isZero();
        assertThat(text(rom, rom.getShort(pnp + 0x0e))).isEqualTo("Trivium");
        assertThat(text(rom, rom.getShort(pnp + 0x10))).isEqualTo("VMI FULL");
    }

    @Test
    void pciDataNameVmwaresFunctionAndTheRomsVersion() {
        ByteBuffer rom = rom(Rom.Variant.FULL);
        int pci = rom.getShort(0x18);

        assertThat(new String(rom.array(), pci, 4, StandardCharsets.US_ASCII)).isEqualTo("PCIR");
        assertThat(rom.getInt(pci + 4)).isEqualTo(0x0801_15ad);
        assertThat(rom.getShort(pci + 0x12)).as("version 1.0").isEqualTo((short) 0x0100);
        assertThat(rom.get(pci + 0x15)).as("the last image").isEqualTo((byte) 0x80);
    }

    @ParameterizedTest
    @EnumSource
    void everyFunctionIsInsideTheRom(Rom.Variant variant) {
        ByteBuffer rom = rom(variant);
        for (Call call : Call.values()) {
            int at = rom.getShort(0x100 + 4 * call.number()) & 0xffff;
            int type = rom.get(0x102 + 4 * call.number());

            assertThat(type == Call.NONE ? at == 0 : at > 0x200 && at < rom.capacity())
                    .as(call.toString())
                    .isTrue();
        }
    }
}
