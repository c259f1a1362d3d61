package trivium.mmu.nested.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import trivium.hostos.HostMemory;

/** The format, read as the manual has it. */
class EptTest {
    private static final long HOST = 0x7f12_3460_0000L;
    private final Ept ept = new Ept();

    @Test
    void thePointerTellsFourLevelsWriteBackAndDirtyFlags() {
        assertThat(ept.eptp() & 0xfff).isEqualTo(0x5e);
    }

    @Test
    void aProcessorFindsAPage() {
        long gpa = 0x1234_5678_9000L;
        ept.map(gpa, HOST + 0x9000, Ept.R | Ept.X);
        long table = ept.eptp() & Ept.ADDRESS;
        for (int shift = 39; shift > 12; shift -= 9) {
            long entry = HostMemory.getLong(table + (gpa >>> shift & 511) * 8);
            assertThat(entry & 0xfff).isEqualTo(7);
            table = entry & Ept.ADDRESS;
        }
        // Write-back, readable and executable.
        assertThat(HostMemory.getLong(table + (gpa >>> 12 & 511) * 8))
                .isEqualTo(HOST + 0x9000 | 6 << 3 | 5);
        assertThat(ept.tables()).isEqualTo(4);
    }

    @Test
    void aLargePageIsSplitIntoEqualOnes() {
        long gpa = 0x4060_0000L;
        ept.mapLarge(gpa, HOST, Ept.R | Ept.W | Ept.A | Ept.D);
        long leaf = ept.find(gpa + 0x12_3456);
        assertThat(leaf).isEqualTo(HOST | 0x80 | 6 << 3 | 0x303);
        assertThat(Ept.page(leaf, gpa + 0x12_3456)).isEqualTo(HOST + 0x12_3000);
        ept.split(gpa + 0x5000);
        ept.change(gpa + 0x5000, 0, Ept.W);
        assertThat(ept.find(gpa + 0x5000)).isEqualTo(HOST + 0x5000 | 6 << 3 | 0x301);
        assertThat(ept.find(gpa + 0x6000)).isEqualTo(HOST + 0x6000 | 6 << 3 | 0x303);
        List<Long> leaves = new ArrayList<>();
        ept.forEach((at, size, _) -> leaves.add(at | size));
        assertThat(leaves).hasSize(512).startsWith(gpa | 4096);
    }

    @Test
    void nothingIsFoundWhereNothingIs() {
        assertThat(ept.find(0)).isZero();
        assertThat(ept.find(-1)).isZero();
        assertThat(ept.find(1L << 48)).isZero();
        ept.change(0x5000, Ept.R, 0);
        assertThat(ept.find(0x5000)).isZero();
    }
}
