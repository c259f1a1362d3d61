package trivium.devices.pc.input;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import trivium.devices.pc.FakePlatform;
import trivium.devices.pc.Fuzz;

class I8042Test {
    private final FakePlatform pc = new FakePlatform();
    private final I8042 kbc = new I8042(pc);
    private final Port92 port92 = new Port92(pc);

    private void command(int... bytes) {
        pc.out(0x64, bytes[0]);
        for (int i = 1; i < bytes.length; i++) {
            pc.out(0x60, bytes[i]);
        }
    }

    /** Everything that comes within a while. */
    private List<Integer> drain() {
        List<Integer> all = new ArrayList<>();
        for (int quiet = 0; quiet < 5; quiet++) {
            while ((pc.in(0x64) & 1) != 0) {
                all.add(pc.in(0x60));
                quiet = 0;
            }
            pc.advance(250_000);
        }
        return all;
    }

    private List<Integer> keyboard(int... bytes) {
        List<Integer> all = new ArrayList<>();
        for (int b : bytes) {
            pc.out(0x60, b);
            all.addAll(drain());
        }
        return all;
    }

    private List<Integer> mouse(int... bytes) {
        List<Integer> all = new ArrayList<>();
        for (int b : bytes) {
            command(0xd4, b);
            assertThat(pc.in(0x64) & 0x21).isEqualTo(0x21);
            all.addAll(drain());
        }
        return all;
    }

    private static byte[] bytes(int... values) {
        byte[] b = new byte[values.length];
        for (int i = 0; i < b.length; i++) {
            b[i] = (byte) values[i];
        }
        return b;
    }

    @Test
    void passesItsSelfTests() {
        command(0xaa);
        assertThat(drain()).containsExactly(0x55);
        assertThat(pc.in(0x64) & 4).isEqualTo(4);
        command(0xab);
        assertThat(drain()).containsExactly(0);
        command(0xa9);
        assertThat(drain()).containsExactly(0);
        assertThat(keyboard(0xff)).containsExactly(0xfa, 0xaa);
        assertThat(mouse(0xff)).containsExactly(0xfa, 0xaa, 0x00);
    }

    @Test
    void keepsItsCommandByte() {
        command(0x60, 0x47);
        command(0x20);
        assertThat(drain()).containsExactly(0x47);
        command(0xa7);
        command(0x20);
        assertThat(drain()).containsExactly(0x67);
    }

    @Test
    void identifiesTheKeyboardTranslatedAndNot() {
        command(0x60, 0x01);
        assertThat(keyboard(0xf2)).containsExactly(0xfa, 0xab, 0x83);
        command(0x60, 0x41);
        assertThat(keyboard(0xf2)).containsExactly(0xfa, 0xab, 0x41);
    }

    @Test
    void translatedKeysArriveAsTheyWereTyped() {
        command(0x60, 0x41);
        byte[] typed =
                bytes(0x1e, 0x9e, 0xe0, 0x4d, 0xe0, 0xcd, 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5);
        kbc.scancodes(typed);
        List<Integer> expected = new ArrayList<>();
        for (byte b : typed) {
            expected.add(b & 0xff);
        }
        assertThat(drain()).isEqualTo(expected);
        for (int code = 1; code < 0x59; code++) {
            kbc.scancodes((byte) code, (byte) (code | 0x80));
            assertThat(drain()).containsExactly(code, code | 0x80);
        }
    }

    @Test
    void speaksSets2And3Untranslated() {
        command(0x60, 0x01);
        kbc.scancodes(bytes(0x1e, 0x9e, 0x41));
        assertThat(drain()).containsExactly(0x1c, 0xf0, 0x1c, 0x83);
        assertThat(keyboard(0xf0, 3)).containsExactly(0xfa, 0xfa);
        assertThat(keyboard(0xf0, 0)).containsExactly(0xfa, 0xfa, 3);
        kbc.scancodes(bytes(0x1e, 0xe0, 0xcd, 0x01));
        kbc.scancodes(bytes(0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5));
        assertThat(drain()).containsExactly(0x1c, 0xf0, 0x6a, 0x08, 0x62);
    }

    @Test
    void raisesIrq1OncePerByte() {
        kbc.scancodes(bytes(0x1e, 0x9e));
        assertThat(pc.irq[1]).isTrue();
        pc.in(0x60);
        assertThat(pc.irq[1]).isFalse();
        int again = pc.in(0x60); // software reading twice gets the same byte
        assertThat(again).isEqualTo(0x1c);
        pc.advance(1_000_000);
        assertThat(pc.irq[1]).isTrue();
        assertThat(pc.irqEdges[1]).isEqualTo(2);
        assertThat(pc.irq[12]).isFalse();
    }

    @Test
    void refusesKeysWhenFullAndKeepsOrder() {
        command(0x60, 0x41);
        int taken = 0;
        while (kbc.scancodes((byte) (1 + taken % 0x50)) && taken < 10_000) {
            taken++;
        }
        assertThat(taken).isBetween(256, 1024);
        List<Integer> got = drain();
        assertThat(got).hasSize(taken);
        assertThat(got.getFirst()).isEqualTo(1);
    }

    @Test
    void tellsLights() {
        assertThat(keyboard(0xed, 0x06)).containsExactly(0xfa, 0xfa);
        assertThat(kbc.leds()).isEqualTo(6);
    }

    @Test
    void mouseReportsMovesInThreeBytes() {
        mouse(0xf4);
        kbc.moveBy(5, 3, 1, 0);
        assertThat(pc.irq[12]).isTrue();
        assertThat(drain()).containsExactly(0x29, 5, 0xfd);
        kbc.moveBy(-200, 0, 0, 0);
        assertThat(drain()).containsExactly(0x18, 0x81, 0, 0x18, 0xb7, 0);
    }

    @Test
    void mouseGrowsAWheel() {
        assertThat(mouse(0xf3, 200, 0xf3, 100, 0xf3, 80, 0xf2)).endsWith(0xfa, 3);
        mouse(0xf4);
        kbc.moveBy(0, 0, 6, 1);
        assertThat(drain()).containsExactly(0x0e, 0, 0, 0xff);
        assertThat(mouse(0xf3, 200, 0xf3, 200, 0xf3, 80, 0xf2)).endsWith(0xfa, 4);
    }

    @Test
    void mouseTellsItsStatus() {
        assertThat(mouse(0xe8, 3, 0xf3, 40, 0xf4, 0xe9))
                .containsExactly(0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0x20, 3, 40);
    }

    @Test
    void auxLoopbackCarriesItsFlag() {
        command(0xd3, 0xa5);
        assertThat(pc.in(0x64) & 0x21).isEqualTo(0x21);
        assertThat(pc.in(0x60)).isEqualTo(0xa5);
    }

    @Test
    void gatesA20ByOutputPortAndPort92() {
        command(0xd1, 0xdd);
        assertThat(pc.memory().a20Mask() >> 20 & 1).isZero();
        assertThat(pc.in(0x92) & 2).isZero();
        pc.out(0x92, 2);
        assertThat(pc.memory().a20Mask()).isEqualTo(-1);
        command(0xd0);
        assertThat(pc.in(0x60) & 2).isEqualTo(2);
        command(0xdd);
        assertThat(pc.memory().a20Mask() >> 20 & 1).isZero();
    }

    @Test
    void resetsTheMachine() {
        command(0xff);
        assertThat(pc.powerEvents).isEmpty();
        command(0xfe);
        pc.out(0x92, 3);
        assertThat(pc.powerEvents).containsExactly("reset", "reset");
    }

    @Test
    void disabledKeyboardKeepsQuiet() {
        command(0xad);
        kbc.scancodes((byte) 0x1e);
        assertThat(drain()).isEmpty();
        command(0xae);
        assertThat(drain()).containsExactly(0x1c);
        assertThat(keyboard(0xf5)).containsExactly(0xfa);
        kbc.scancodes((byte) 0x1e);
        assertThat(drain()).isEmpty();
    }

    @Test
    void survivesRandomAccesses() {
        Fuzz.run(5, pc, kbc);
        for (int i = 0; i < 20_000; i++) {
            kbc.scancodes((byte) i, (byte) (i >> 8));
            kbc.moveBy(i * 7919, -i, i & 7, i);
            kbc.moveTo(i & 0x7fff, i * 3 & 0x7fff, i & 7, Integer.MIN_VALUE);
            pc.out(i % 3 == 0 ? 0x64 : 0x60, i * 31 & 0xff);
            pc.in(0x60);
        }
        port92.restore(port92.save());
    }
}
