package trivium.hostos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SharedMemoryTest {
    @Test
    void memoryIsZeroedAndKeepsWhatIsWritten() throws IOException {
        SharedMemory memory = SharedMemory.allocate("test", 1 << 20);

        assertThat(HostMemory.getLong(memory.hva() + 4096)).isZero();
        HostMemory.putLong(memory.hva() + (1 << 20) - 8, 0x1234_5678_9abc_def0L);
        assertThat(HostMemory.getLong(memory.hva() + (1 << 20) - 8))
                .isEqualTo(0x1234_5678_9abc_def0L);
        memory.release();
    }

    @Test
    void releasedMemoryReadsZeroAndDoesNotFault() throws IOException {
        SharedMemory memory = SharedMemory.allocate("test", 1 << 20);
        assumeTrue(memory.fd() >= 0, "no memfd on this host");
        HostMemory.putInt(memory.hva(), 42);

        memory.release();
        memory.release();

        assertThat(HostMemory.getInt(memory.hva())).isZero();
        assertThat(memory.fd()).isEqualTo(-1);
    }

    @Test
    void theDescriptorIsThisMemory() throws IOException {
        SharedMemory memory = SharedMemory.allocate("trivium-test", 1 << 16);
        Path link = Path.of("/proc/self/fd/" + memory.fd());
        assumeTrue(Files.exists(link), "no /proc/self/fd on this host");

        assertThat(Files.readSymbolicLink(link).toString()).contains("trivium-test");
        assertThat(Files.size(link)).isEqualTo(1 << 16);
        memory.release();
    }

    @Test
    void fallbackHasNoDescriptorAndIsPageAligned() throws IOException {
        SharedMemory memory = SharedMemory.anonymous("test", 1 << 16);

        assertThat(memory.fd()).isEqualTo(-1);
        assertThat(memory.hva() % 4096).isZero();
        memory.release();
    }

    @Test
    void refusesOddAndImpossibleSizes() {
        assertThatThrownBy(() -> SharedMemory.allocate("test", 5000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("5000");
        assertThatThrownBy(() -> SharedMemory.allocate("test", 1L << 60))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("errno");
    }

    @Test
    void hostTellsItsMemoryAndArchitecture() {
        assertThat(HostInfo.memoryBytes()).isGreaterThan(1L << 26);
        assertThat(HostInfo.host().architecture()).isEqualTo(System.getProperty("os.arch"));
        HostInfo.wakeOnTime();
    }
}
