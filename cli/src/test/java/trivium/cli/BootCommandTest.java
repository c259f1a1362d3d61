package trivium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Boots a few bytes of machine code as a Multiboot kernel on everything that is real. */
@Timeout(120)
class BootCommandTest {
    private static final int LOAD = 0x10_0000, ENTRY = 0x20;
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    @TempDir Path folder;
    private Path kernel;

    @BeforeEach
    void name() {
        kernel = folder.resolve("kernel");
    }

    /** A Multiboot kernel of these bytes of machine code, in hex, entered at the first. */
    static byte[] multiboot(String code) {
        byte[] bytes = HexFormat.of().parseHex(code.replace(" ", ""));
        ByteBuffer image = ByteBuffer.allocate(ENTRY + bytes.length).order(ByteOrder.LITTLE_ENDIAN);
        image.putInt(0x1bad_b002).putInt(1 << 16).putInt(-(0x1bad_b002 + (1 << 16)));
        image.putInt(LOAD).putInt(LOAD).putInt(0).putInt(0).putInt(LOAD + ENTRY).put(bytes);
        return image.array();
    }

    private int boot(String code, String... more) throws IOException {
        Files.write(kernel, multiboot(code));
        List<String> args = new ArrayList<>(List.of("--kernel", kernel.toString()));
        args.addAll(List.of("--memory", "4", "--serial", "none"));
        args.addAll(List.of(more));
        return run(args);
    }

    private int run(List<String> args) {
        return new BootCommand(new PrintStream(output, true), new PrintStream(errors, true))
                .run(args);
    }

    private String said() {
        return errors.toString(StandardCharsets.UTF_8);
    }

    @Test
    void debugExitEndsWithItsStatus() throws IOException {
        // mov al, 5; out 0xf4, al; cli; hlt
        assertThat(boot("b0 05 e6 f4 fa f4", "--debug-exit")).isEqualTo(11);
        assertThat(said()).isEmpty();
    }

    @Test
    void withoutDebugExitThePortIsNothingAndTimeRunsOut() throws IOException {
        assertThat(boot("b0 05 e6 f4 fa f4", "--timeout", "1")).isEqualTo(124);
        assertThat(said()).contains("timeout after 1 s");
    }

    @Test
    void anEndlessLoopTimesOutAndCountsInstructions() throws IOException {
        assertThat(boot("eb fe", "--timeout", "1", "--stats")).isEqualTo(124);
        assertThat(said()).containsPattern("\"instructions\": \\d{5,}, \"wall_seconds\": [1-9]");
    }

    @Test
    void aTripleFaultIsTold() throws IOException {
        // lidt [zeros]; int3, with the IDT limit zero
        assertThat(boot("0f 01 1d 28 00 10 00 cc 00 00 00 00 00 00", "--timeout", "60"))
                .isEqualTo(100);
        assertThat(said()).contains("triple fault");
    }

    @Test
    void serialOutputAndPortWritesGoToTheirFiles() throws IOException {
        Path serial = folder.resolve("serial"), log = folder.resolve("log");
        // mov dx, 0x3f8; mov al, 'h'; out dx, al; mov al, 'i'; out dx, al; out 0x80, al; then exit
        int status =
                boot(
                        "66 ba f8 03 b0 68 ee b0 69 ee e6 80 b0 00 e6 f4 fa f4",
                        "--debug-exit",
                        "--serial",
                        "file:" + serial,
                        "--log-port",
                        "0x80=" + log);

        assertThat(status).isEqualTo(1);
        assertThat(serial).hasContent("hi");
        assertThat(log).hasContent("69\n");
    }

    @ParameterizedTest
    @CsvSource({"8086, 64", "80286, 128", "i386, 256", "pentium3, 64", "x86-64, 128"})
    void everyCpuStartsAtTheEndOfItsRom(String cpu, int kib) throws IOException {
        byte[] rom = new byte[kib * 1024];
        // jmp far f000:e000; there: mov al, 3; out 0xf4, al; cli; hlt
        byte[] vector = HexFormat.of().parseHex("ea00e000f0");
        byte[] code = HexFormat.of().parseHex("b003e6f4faf4");
        System.arraycopy(vector, 0, rom, rom.length - 16, vector.length);
        System.arraycopy(code, 0, rom, rom.length - 0x2000, code.length);
        Path bios = Files.write(folder.resolve("rom"), rom);

        int status =
                run(
                        List.of(
                                "--bios",
                                bios.toString(),
                                "--cpu",
                                cpu,
                                "--debug-exit",
                                "--memory",
                                "2",
                                "--serial",
                                "none",
                                "--timeout",
                                "60"));

        assertThat(said()).isEmpty();
        assertThat(status).isEqualTo(7);
    }

    @Test
    void theLastPictureIsWritten() throws IOException {
        Path png = folder.resolve("screen.png");

        boot("b0 00 e6 f4 fa f4", "--debug-exit", "--screenshot", png.toString());

        assertThat(ImageIO.read(png.toFile()).getWidth()).isPositive();
    }

    @Test
    void icountRunsAreRepeatable() throws IOException {
        // mov ecx, 100000; loop $; rdtsc; mov [0x100100], eax; out 0x80 each byte; then exit
        String code =
                "b9 a0 86 01 00 e2 fe 0f 31 e6 80 c1 e8 08 e6 80 c1 e8 08 e6 80 c1 e8 08 e6 80"
                        + " b0 00 e6 f4 fa f4";
        Path first = folder.resolve("first"), second = folder.resolve("second");

        boot(code, "--debug-exit", "--icount", "--log-port", "0x80=" + first);
        boot(code, "--debug-exit", "--icount", "--log-port", "0x80=" + second);

        assertThat(first).hasSameTextualContentAs(second);
        assertThat(Files.readAllLines(first)).hasSize(4);
    }

    @Test
    void wrongConfigurationIsOneSentenceAndStatusTwo() throws IOException {
        assertThat(boot("f4", "--engine", "warp")).isEqualTo(2);
        assertThat(said())
                .isEqualTo("trivium boot: no engine 'warp'; there are bt, interpreter, vmi, vt\n");
        errors.reset();
        assertThat(boot("f4", "--device", "flux")).isEqualTo(2);
        assertThat(said()).startsWith("trivium boot: no device 'flux'; there are ").hasLineCount(1);
        errors.reset();
        assertThat(boot("f4", "--disk", folder.resolve("none").toString())).isEqualTo(2);
        assertThat(said()).contains("does not exist").hasLineCount(1);
        errors.reset();
        assertThat(boot("f4", "--memory", "1048576")).isEqualTo(2);
        assertThat(said()).contains("more than this host has").hasLineCount(1);
        errors.reset();
        assertThat(boot("f4", "--bios", kernel.toString())).isEqualTo(2);
        assertThat(said()).contains("a ROM has 64, 128 or 256 KiB").hasLineCount(1);
        errors.reset();
        assertThat(run(List.of("--kernel", "/no/such", "--serial", "none"))).isEqualTo(2);
        assertThat(said()).isEqualTo("trivium boot: kernel /no/such does not exist\n");
    }

    @Test
    void aTakenVncPortIsTold() throws IOException {
        try (var taken =
                new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            assertThat(boot("f4", "--vnc", "127.0.0.1:" + taken.getLocalPort())).isEqualTo(2);
        }
        assertThat(said()).contains("VNC cannot listen on 127.0.0.1").hasLineCount(1);
        errors.reset();
        assertThat(boot("f4", "--vnc", "5901")).isEqualTo(2);
        assertThat(said()).contains("is not HOST:PORT");
    }

    @Test
    void helpListsEveryOption() {
        assertThat(run(List.of("--help"))).isZero();
        assertThat(output.toString(StandardCharsets.UTF_8)).contains("--log-port", "--icount");
        assertThat(Main.run(List.of("frobnicate"))).isEqualTo(2);
    }
}
