package trivium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.bt.BtEngine;
import trivium.cpu.Support;
import trivium.hostos.HostInfo;
import trivium.machine.life.Catalog;

/**
 * Guests that try to trip up the translator, on a whole board: all that is run is translated, and
 * everything ends as on the interpreter. More such, on a bare CPU, are among the engine's own
 * tests.
 */
@Timeout(240)
class HostileGuestTest {
    private static final int MEMORY_BYTES = 1 << 20;

    /**
     * At 0x200000 stands OUT DX,AL and a jump to itself; the OUT starts the disk's bus master,
     * which writes a sector over it: NOP; MOV AL,n; RET. Eight sectors; each n goes to port 0x80.
     */
    private static final String DMA_INTO_RUNNING_CODE =
            """
            bc00001800bf00002000c707eeebfe90baf80c0000b820090080efbafc0c0000b801c00000efbaf8
            0c0000b804090080efbafc0c0000b805000000efc7050000190000002000c7050400190000020080
            ba04c00000b800001900ef31c9c70500002000eeebfe90baf6010000b0e0eebaf2010000b001ee42
            88c8ee4231c0ee42eebaf7010000b0c8eeba00c00000b009bb00002000ffd3e680ba02c00000b006
            eeba00c0000031c0eebaf7010000ec4183f90875a8b000e6f4f4
            """;

    /**
     * Code within its own page directory. It calls MOV EAX,imm; RET, whose end lies on a page that
     * is remapped before each call, stores into its page directory (as the CPU does), and counts up
     * the operand of the next instruction. Sums go to port 0x80.
     */
    private static final String PAGE_TABLES_IN_CODE =
            """
            bc00001800bf00103000b807000000ab050010000081ff0020300075f2bf0000300031c0b9000400
            00f3abc7050000300007103000be9a00000081ee0000000081c620001000bf00013000b971000000
            f3a4c705fd0f2000b8111100c605fd0f2000b866c705fe0f20001122c705000028003344c300c705
            000029005566c300b8000030000f22d80f20c00d000001800f22c0bb00013000ffe331f6b9d00700
            00bbfd0f2000c70504183000070028000f013d00102000ffd301c6890d04003000c7050418300007
            0029000f013d00102000ffd36bf60301c6832500003000df83054e01300001b80000000001c64975
            b589f0e680c1e808e680c1e808e680c1e808e68039c0b000e6f4f4
            """;

    /**
     * The operand of MOV EAX,imm is a page table entry. A load before it, in the same block, makes
     * the CPU set the entry's accessed bit; later code clears it. Sums go to port 0x80.
     */
    private static final String PAGE_TABLE_ENTRY_IN_RUNNING_CODE =
            """
            bc00001800bf00103000b807000000ab050010000081ff0020300075f2c7050000310007103000c7
            050400310007003000be7000000081c620001000bf00013000b94e000000f3a4c705000025006745
            2301b8000031000f22d80f20c00d000001800f22c0bb00013000ffe38d74260031f6b9e8030000bb
            008044000f013b01ce8d76018b1301d68b7b0890909090b80700250001c6897308ba200130008322
            9f4975d889f0e680c1e808e680c1e808e680c1e808e68039c0b000e6f4f4
            """;

    /** After each exception it goes on 13 bytes further in what follows at offset 0x100. */
    private static final String STUMBLER =
            """
            8cd0a369001000bf000011008ccbc1e310b87100100089c225ffff000009d881e20000ffff81ca00
            8e0000b920000000890789570483c708e2f60f011d63001000eb0eff000000110000000000000000
            002ea1690010008ed08ed88ec08ee08ee8bc00001800fcff056d001000a16d0010003d9001000074
            206bc00d052001100089c5be00001200bf00101200bb00201200b903000000ffe0b000e6f4f4
            """;

    private static final int RANDOM_AT = 0x100, RANDOM_BYTES = 13 * 401 + 64;

    /** Writes 30,000 times ADD EAX,imm; IMUL EAX,EAX,3; JMP next and runs all that thrice. */
    private static final String LONG_CODE =
            """
            fc bc 00 00 18 00 bf 00 00 20 00 b9 30 75 00 00
            b0 05 aa 69 c1 b1 79 37 9e ab b8 6b c0 03 e9 ab 31 c0 ab e2 eb
            b0 c3 aa 31 c0 bd 03 00 00 00 bb 00 00 20 00 ff d3 4d 75 f6
            e6 80 c1 e8 08 e6 80 c1 e8 08 e6 80 c1 e8 08 e6 80
            b0 00 e6 f4 f4
            """;

    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private final BtEngine engine = new BtEngine(MEMORY_BYTES, 1);
    @TempDir Path folder;

    @BeforeEach
    void hostCan() {
        assumeTrue(engine.supportOn(HostInfo.host()) instanceof Support.Yes);
    }

    private int boot(byte[] code, String... more) throws IOException {
        String hex = HexFormat.of().formatHex(code);
        Path kernel = Files.write(folder.resolve("kernel"), BootCommandTest.multiboot(hex));
        List<String> args = new ArrayList<>(List.of("--kernel", kernel.toString()));
        args.addAll(List.of("--memory", "4", "--serial", "none", "--debug-exit"));
        args.addAll(List.of(more));
        Catalog catalog = Wiring.catalog();
        catalog.add(engine);
        errors.reset();
        return new BootCommand(System.out, new PrintStream(errors, true), catalog).run(args);
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
    }

    private String said() {
        return errors.toString(StandardCharsets.UTF_8);
    }

    private long counter(String name) {
        Matcher found = Pattern.compile("\"" + name + "\": (\\d+)").matcher(said());
        assertThat(found.find()).as("%s in %s", name, said()).isTrue();
        return Long.parseLong(found.group(1));
    }

    /** What went to port 0x80, after a run to the end. */
    private List<String> logged(String engine, byte[] code, String... more) throws IOException {
        Path log = folder.resolve("log-" + engine);
        List<String> args = new ArrayList<>(List.of(more));
        args.addAll(List.of("--engine", engine, "--log-port", "0x80=" + log, "--stats"));
        args.addAll(List.of("--timeout", "60"));
        assertThat(boot(code, args.toArray(String[]::new))).as(said()).isEqualTo(1);
        return Files.readAllLines(log);
    }

    @Test
    void dmaIntoRunningCode() throws IOException {
        byte[] image = new byte[1 << 20];
        for (int i = 0; i < 8; i++) {
            byte[] sector = {(byte) 0x90, (byte) 0xb0, (byte) (0x40 + i), (byte) 0xc3};
            System.arraycopy(sector, 0, image, 512 * i, sector.length);
        }
        String disk = Files.write(folder.resolve("disk"), image).toString();
        byte[] code = bytes(DMA_INTO_RUNNING_CODE);

        assertThat(logged("bt", code, "--disk", disk))
                .containsExactly("40", "41", "42", "43", "44", "45", "46", "47");
        assertThat(counter("instructions-native")).isGreaterThan(100);
        assertThat(boot(code, "--disk", disk, "--lockstep", "bt")).as(said()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {PAGE_TABLES_IN_CODE, PAGE_TABLE_ENTRY_IN_RUNNING_CODE})
    void pageTablesInTheCodePage(String hex) throws IOException {
        byte[] code = bytes(hex);
        List<String> expected = logged("interpreter", code);

        assertThat(logged("bt", code)).hasSize(4).isEqualTo(expected);
        assertThat(counter("instructions-native")).isGreaterThan(10_000);
        assertThat(boot(code, "--lockstep", "bt", "--lockstep-chunk", "777")).as(said()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 6, 7, 8})
    void randomBytesAsCode(long seed) throws IOException {
        byte[] start = bytes(STUMBLER);
        byte[] code = new byte[RANDOM_AT + RANDOM_BYTES];
        new Random(seed).nextBytes(code);
        System.arraycopy(start, 0, code, 0, start.length);

        int status = boot(code, "--lockstep", "bt", "--timeout", "3");

        assertThat(status).as(said()).isIn(0, 124);
    }

    /** Some 30 MB, were it all kept. */
    @Test
    void moreCodeThanMayBeKept() throws IOException {
        int expected = 0;
        for (int i = 0; i < 3 * 30_000; i++) {
            expected = (expected + (30_000 - i % 30_000) * 0x9e37_79b1) * 3;
        }
        int sum = expected;
        List<String> octets =
                Arrays.stream(new int[] {0, 8, 16, 24})
                        .mapToObj(shift -> "%02x".formatted(sum >>> shift & 0xff))
                        .toList();

        assertThat(logged("bt", bytes(LONG_CODE))).isEqualTo(octets);
        assertThat(counter("blocks-translated")).isGreaterThan(80_000);
        assertThat(counter("cache-flushes")).isGreaterThan(30);
        assertThat(counter("cache-bytes") + counter("table-bytes"))
                .isLessThanOrEqualTo(MEMORY_BYTES);
        assertThat(counter("instructions-native")).isGreaterThan(200_000);
    }
}
