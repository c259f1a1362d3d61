package trivium.hostos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ExecutableMemoryTest {
    /** MOV RAX,RDI; ADD RAX,1; RET. */
    private static final String SUCCESSOR = "4889f8 4883c001 c3";

    private static final int ADDEND = 6;

    @BeforeEach
    void onlyWhereThisCodeRuns() {
        assumeTrue(GsBase.available(), "not x86-64 Linux");
        assumeTrue(HostInfo.host().executableMemory(), "the host refuses executable memory");
    }

    private static void write(ExecutableMemory memory, int offset, String hex) {
        byte[] code = HexFormat.of().parseHex(hex.replace(" ", ""));
        HostMemory.copy(code, 0, memory.writable() + offset, code.length);
    }

    @Test
    void runsWhatWasWrittenAndSeesLaterPatches() throws IOException {
        try (ExecutableMemory memory = ExecutableMemory.allocate("test", 4096)) {
            write(memory, 0, SUCCESSOR);

            assertThat(NativeCall.call(memory.executable(), 41)).isEqualTo(42);
            assertThat(NativeCall.call(memory.executable(), -1)).isZero();

            HostMemory.putByte(memory.writable() + ADDEND, (byte) 5);
            assertThat(NativeCall.call(memory.executable(), 41)).isEqualTo(46);
            assertThat(NativeCall.call(memory.executable(), -1)).isEqualTo(4);
        }
    }

    @Test
    void memoryForPerfIsTheSameButForItsName() throws IOException {
        ExecutableMemory memory = ExecutableMemory.allocateForPerf("test", 1 << 16);
        write(memory, 4096, SUCCESSOR);

        assertThat(NativeCall.call(memory.executable() + 4096, 41)).isEqualTo(42);
        HostMemory.putByte(memory.writable() + 4096 + ADDEND, (byte) 5);
        assertThat(NativeCall.call(memory.executable() + 4096, 41)).isEqualTo(46);
        String start = "%x-".formatted(memory.executable());
        assertThat(Files.readAllLines(Path.of("/proc/self/maps")))
                .filteredOn(line -> line.startsWith(start))
                .singleElement()
                .asString()
                .contains("r-xs")
                .endsWith("/dev/zero (deleted)");
        memory.close();
        memory.close();
        assertThat(HostMemory.getLong(memory.executable() + 4096)).isZero();
    }

    @Test
    void codeReadsThroughTheGsBaseOfItsThread() throws Exception {
        SharedMemory mine = SharedMemory.allocate("test", 4096);
        SharedMemory others = SharedMemory.allocate("test", 4096);
        HostMemory.putLong(mine.hva() + 8, 0x1122_3344_5566_7788L);
        HostMemory.putLong(others.hva() + 8, 99);
        try (ExecutableMemory memory = ExecutableMemory.allocate("test", 4096)) {
            write(memory, 0, "65 48 8b 04 25 08 00 00 00 c3"); // MOV RAX,GS:[8]; RET

            GsBase.set(mine.hva());
            long[] seen = new long[1];
            Thread other =
                    Thread.ofPlatform()
                            .start(() -> seen[0] = withBase(others.hva(), memory.executable()));
            other.join();

            assertThat(seen[0]).isEqualTo(99);
            assertThat(NativeCall.call(memory.executable(), 0)).isEqualTo(0x1122_3344_5566_7788L);
        } finally {
            GsBase.set(0);
            mine.release();
            others.release();
        }
    }

    private static long withBase(long hva, long code) {
        try {
            GsBase.set(hva);
            return NativeCall.call(code, 0);
        } catch (IOException e) {
            return -1;
        }
    }

    @Test
    void closedMemoryReadsZeroThroughBothViews() throws IOException {
        ExecutableMemory memory = ExecutableMemory.allocate("test", 1 << 16);
        write(memory, 0, SUCCESSOR);
        assertThat(HostMemory.getLong(memory.executable())).isNotZero();

        memory.close();
        memory.close();

        assertThat(memory.sizeBytes()).isEqualTo(1 << 16);
        assertThat(HostMemory.getLong(memory.writable())).isZero();
        assertThat(HostMemory.getLong(memory.executable())).isZero();
    }

    @Test
    void refusesOddAndImpossibleSizes() {
        assertThatThrownBy(() -> ExecutableMemory.allocate("test", 5000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("5000");
        assertThatThrownBy(() -> ExecutableMemory.allocate("test", 1L << 60))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("errno");
    }

    @Test
    void theKernelRefusesAGsBaseThatIsNoUserAddress() {
        assertThatThrownBy(() -> GsBase.set(0xffff_8000_0000_0000L))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("ARCH_SET_GS");
    }

    @Test
    void nativeCodeSeesTheBitsOfAnAtomicWord() throws IOException {
        AtomicWord word = new AtomicWord();
        try (ExecutableMemory memory = ExecutableMemory.allocate("test", 4096)) {
            write(memory, 0, "8b 07 c3"); // MOV EAX,[RDI]; RET

            assertThat(word.or(6)).isZero();
            assertThat(word.and(~2)).isEqualTo(6);

            assertThat(NativeCall.call(memory.executable(), word.hva())).isEqualTo(4);
            assertThat(word.get()).isEqualTo(4);
            assertThat(word.hva() % 64).isZero();
        }
    }

    @Test
    void theHostsFeaturesHaveSse2() {
        assertThat(HostInfo.x86Features()).contains("sse2", "lm");
    }
}
