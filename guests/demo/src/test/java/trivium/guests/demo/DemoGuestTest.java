package trivium.guests.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import trivium.cpu.CpuModel;
import trivium.display.Frame;
import trivium.input.PointerSink;

/** The guest on our own PC with the interpreter; one PC for all that does not end it. */
class DemoGuestTest {
    private static final int MODEL = 1, MEMORY = 4, CPUS = 5, ENGINE = 6, SPEED = 7, UPTIME = 8;
    private static final int MOUSE = 10;
    @TempDir private static Path folder;
    private static DemoPc pc;

    @BeforeAll
    static void boot() throws Exception {
        pc = DemoPc.boot(folder, CpuModel.X86_64, 2, 64);
    }

    @AfterAll
    static void off() {
        if (pc != null) {
            pc.screenshot(Path.of("target/demo-guest.png"));
            pc.close();
        }
    }

    @AfterEach
    void emptyTheLines() throws InterruptedException {
        pc.chord("esc");
        pc.await("an empty line", () -> pc.inputLine().equals("> _"));
    }

    @Test
    void tellsOverComOneWhatItSees() {
        assertThat(pc.serial())
                .contains("Trivium demonstration guest\r\n")
                .contains("model: GenuineIntel, family 6 model ")
                .contains("features: fpu pse tsc pae cx8 apic sep cmov pat nx lm \r\n")
                .contains("simd: mmx fxsr sse sse2 ")
                .contains("memory: 64 MiB\r\n")
                .contains("cpus: 2\r\n")
                .contains("engine: ")
                .containsPattern("speed: \\d+\\.\\d million instructions a second\r\n")
                .contains("display: 800 x 600, 32 bits, at E0000000\r\n");
    }

    @Test
    void showsTheSameOnItsScreen() {
        Frame frame = pc.frame();
        assertThat(frame.width).isEqualTo(Graphics.WIDTH);
        assertThat(frame.height).isEqualTo(Graphics.HEIGHT);
        assertThat(Arrays.stream(frame.pixels).distinct().count()).isGreaterThan(50);
        assertThat(pc.fact(MODEL)).startsWith("GenuineIntel, family 6 model ");
        assertThat(pc.fact(MEMORY)).isEqualTo("64 MiB");
        assertThat(pc.fact(CPUS)).isEqualTo("2");
        pc.await(
                "a speed",
                () -> pc.fact(SPEED).matches("\\d+\\.\\d million instructions a second"));
        pc.await("the third second", () -> pc.fact(UPTIME).compareTo("0:00:02") > 0);
    }

    @Test
    void roadsTurn() {
        int[] before = pc.frame().pixels;
        pc.await("another picture", () -> differsInRoads(before, pc.frame().pixels));
    }

    private static boolean differsInRoads(int[] a, int[] b) {
        for (int y = 130; y < 250; y++) {
            int row = y * Graphics.WIDTH;
            if (!Arrays.equals(a, row + 620, row + 740, b, row + 620, row + 740)) {
                return true;
            }
        }
        return false;
    }

    @Test
    void showsTypedKeys() throws Exception {
        String all = "The Quick (brown) fox; ~!@#$%^&*_+{}|:\"<>? 0123456789";
        pc.type(all);
        pc.await("what was typed", () -> pc.inputLine().equals("> " + all + "_"));
        pc.chord("backspace");
        pc.await(
                "a character less",
                () -> pc.inputLine().equals("> " + all.replace("89", "8") + "_"));
    }

    @Test
    void capsLockTurnsLettersRound() throws Exception {
        pc.chord("capslock");
        pc.type("aB1");
        pc.chord("capslock");
        pc.type("c");
        pc.await("what was typed", () -> pc.inputLine().equals("> Ab1c_"));
    }

    @Test
    void commandsOnTheScreenAreAnsweredThere() throws Exception {
        pc.type("nonsense\n");
        pc.await("an answer", () -> pc.answerLine().startsWith("no such command"));
        pc.type("help\n");
        pc.await("an answer", () -> pc.answerLine().startsWith("help, info, off, reboot"));
        pc.await("an empty line", () -> pc.inputLine().equals("> _"));
    }

    @Test
    void commandsOverComOneAreAnsweredThere() {
        int from = pc.serial().length();
        pc.send("halp\b\b\belp\r\n");
        pc.await(
                "an answer",
                () -> pc.serial().substring(from).contains("\r\nhelp, info, off, reboot"));
        pc.send("nonsense\n");
        pc.await("an answer", () -> pc.serial().substring(from).contains("\r\nno such command"));
        pc.await("the prompt", () -> pc.serial().endsWith("\r\n" + Commands.PROMPT));
    }

    @Test
    void mouseDrawsWhileTheLeftButtonIsHeld() {
        PointerSink pointer = pc.vm.pointer().orElseThrow();
        pointer.moveBy(-2000, -2000, 0, 0);
        pointer.moveBy(128, 576, 0, 0); // in 1024 by 768, to 100,450
        pc.await("the pointer", () -> pc.fact(MOUSE).startsWith("100,450, wheel"));
        int wheel = Integer.parseInt(pc.fact(MOUSE).replaceAll(".* ", ""));
        pointer.moveBy(0, 0, 0, 3);
        pc.await("the wheel", () -> pc.fact(MOUSE).endsWith("wheel " + (wheel + 3)));
        assertThat(drawnPixels()).isZero();

        pointer.moveBy(0, 0, PointerSink.LEFT, 0);
        pointer.moveBy(256, 0, PointerSink.LEFT, 0);
        pc.await("a stroke", () -> drawnPixels() > 200 * 3 * 9 / 10);
        pc.await("the button", () -> pc.fact(MOUSE).startsWith("300,450 left, wheel"));
        pointer.moveBy(0, 0, 0, 0);
        pointer.moveBy(256, 0, 0, 0);
        pc.await("the pointer", () -> pc.fact(MOUSE).startsWith("500,450, wheel"));
        assertThat(drawnPixels()).isBetween(200 * 3, 204 * 3);

        pointer.moveBy(0, 0, PointerSink.RIGHT, 0);
        pc.await("an empty canvas", () -> drawnPixels() == 0);
        pointer.moveBy(0, 0, 0, 0);
    }

    /**
     * Pixels of the canvas that are neither its own colour nor the pointer's, in one row of dabs.
     */
    private static int drawnPixels() {
        int drawn = 0;
        int[] pixels = pc.frame().pixels;
        for (int y = Picture.CANVAS_Y; y < Picture.CANVAS_Y + Picture.CANVAS_HEIGHT; y++) {
            for (int x = Picture.CANVAS_X; x < Picture.CANVAS_X + Picture.CANVAS_WIDTH; x++) {
                int colour = pixels[y * Graphics.WIDTH + x] & 0xffffff;
                drawn += colour == Picture.CANVAS || colour == 0 || colour == 0xffffff ? 0 : 1;
            }
        }
        return drawn;
    }

    @Test
    void noticesAnotherEngine() throws Exception {
        pc.await("its engine", () -> pc.fact(ENGINE).equals("interpreter"));
        int from = pc.serial().length();
        pc.vm.useEngine(DemoPc.SECOND_ENGINE);
        pc.await("the other engine", () -> pc.fact(ENGINE).equals(DemoPc.SECOND_ENGINE));
        pc.await(
                "a line about it",
                () -> pc.serial().substring(from).contains("engine: second\r\n" + Commands.PROMPT));
        pc.vm.useEngine("interpreter");
        pc.await("the first engine", () -> pc.fact(ENGINE).equals("interpreter"));
    }

    @Test
    void imageIsWrittenWholeAndIsAlwaysTheSame() throws IOException {
        Path file = folder.resolve("some/folder/image.bin");
        DemoGuest.write(file);
        DemoGuest.write(file);
        assertThat(file).hasBinaryContent(DemoGuest.image());
        try (var files = Files.list(file.getParent())) {
            assertThat(files).containsExactly(file);
        }
    }
}
