package trivium.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.vm.VmException;

class GuestImageTest {
    @TempDir Path folder;

    @ParameterizedTest
    @ValueSource(ints = {32, 64})
    void knowsWhereKernelsBegin(int bits) {
        GuestImage image = GuestImage.of(bits);

        assertThat(Kernel.ALL).hasSize(19);
        assertThat(Kernel.ALL.stream().map(k -> image.entry(k.name())).distinct()).hasSize(19);
        assertThatThrownBy(() -> image.entry("siev")).hasMessageContaining("has no kernel siev");
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 64})
    void theHostComputesWhatTheGuestDoes(int bits) throws Exception {
        for (String name : new String[] {"mem", "x87", "sse2", "smc", "cross"}) {
            Kernel kernel = Kernel.of(java.util.List.of(name)).getFirst();
            Reading reading = run(GuestImage.of(bits), kernel);

            assertThat(reading.checksum()).as(name).isEqualTo(kernel.checksum());
            assertThat(reading.cpuSeconds()).as(name).isBetween(0.0001, 20.0);
        }
    }

    private Reading run(GuestImage image, Kernel kernel) throws InterruptedException {
        try {
            return NativeProgram.run(image, kernel, folder, 60);
        } catch (VmException e) {
            assumeTrue(false, e.getMessage()); // no Linux on x86-64, or no 32-bit programs there
            throw new AssertionError(e);
        }
    }

    @Test
    void aProgramThatThisHostDoesNotRunIsSaidToBe() throws Exception {
        Path file = folder.resolve("native64-mem");
        Files.writeString(file, "this is no program");
        Kernel mem = Kernel.of(java.util.List.of("mem")).getFirst();

        assertThatThrownBy(() -> NativeProgram.run(GuestImage.of(64), mem, folder, 60))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("cannot be run on this host");
    }

    @Test
    void anUnknownKernelIsNamed() {
        assertThatThrownBy(() -> Kernel.of(java.util.List.of("mem", "dhrystone")))
                .isInstanceOf(VmException.class)
                .hasMessageStartingWith("no kernel 'dhrystone'; there are sieve, matmul, qsort,");
    }
}
