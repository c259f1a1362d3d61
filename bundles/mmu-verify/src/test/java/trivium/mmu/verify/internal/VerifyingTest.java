package trivium.mmu.verify.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import trivium.cpu.CpuModel;
import trivium.cpu.Host;
import trivium.cpu.Support;
import trivium.mmu.Mmu;
import trivium.mmu.MmuStrategy;
import trivium.mmu.softtlb.internal.SoftTlbStrategy;
import trivium.x86.conformance.MmuConformance;
import trivium.x86.plain.PlainMemory;
import trivium.x86.plain.PlainVcpu;
import trivium.x86.plain.WrappedMmu;
import trivium.x86.plain.WrappedStrategy;

/** Right strategies pass, stale or not; what is wrong on purpose is found. */
class VerifyingTest {
    private static final long TOP = 0x1000, TABLE = 0x2000, ALL = 7, D = 0x40;

    private final PlainMemory memory = new PlainMemory(Arena.ofAuto(), 1 << 20);
    private final PlainVcpu vcpu =
            new PlainVcpu(CpuModel.X86_64) {
                @Override
                public PlainMemory memory() {
                    return memory;
                }
            };

    @AfterEach
    void defaults() {
        System.clearProperty(VerifyingStrategy.PROPERTY);
    }

    private static VerifyingStrategy verifying(MmuStrategy first) {
        return new VerifyingStrategy(() -> List.of(first));
    }

    @TestFactory
    Stream<DynamicTest> conforms() {
        return MmuConformance.cases().stream()
                .map(c ->
                        dynamicTest(
                                c.name(),
                                () ->
                                        assertThat(c.failure(verifying(new SoftTlbStrategy())))
                                                .isEmpty()));
    }

    private Mmu attach(UnaryOperator<Mmu> wrong) {
        vcpu.state().cr0 = 0x8001_0001L;
        vcpu.state().cr3 = TOP;
        memory.write(TOP, 4, TABLE | ALL);
        for (int i = 0; i < 16; i++) {
            map(i, 0x10 + i);
        }
        return verifying(new WrappedStrategy(new SoftTlbStrategy(), wrong)).attach(vcpu);
    }

    private void map(int page, int frame) {
        memory.write(TABLE + 4L * page, 4, (long) frame << 12 | ALL);
    }

    @Test
    void staleAnswersAreNoMistake() {
        Mmu mmu = attach(m -> m);
        assertThat(mmu.translate(0x5000, Mmu.READ) & -4096).isEqualTo(0x15000);
        map(5, 0x77);
        // The second one's, which is the walk's; softtlb still has the former.
        assertThat(mmu.translate(0x5000, Mmu.READ) & -4096).isEqualTo(0x77000);
        mmu.flushPage(0x5000);
        assertThat(mmu.translate(0x5000, Mmu.WRITE) & -4096).isEqualTo(0x77000);
    }

    @Test
    void findsAFlushThatWasForgotten() {
        Mmu mmu =
                attach(m ->
                        new WrappedMmu(m) {
                            @Override
                            public void flushPage(long linear) {}
                        });
        mmu.translate(0x5000, Mmu.READ);
        map(5, 0x77);
        mmu.translate(0x5000, Mmu.READ);
        mmu.flushPage(0x5000);
        assertThatThrownBy(() -> mmu.translate(0x5000, Mmu.READ))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("linear 0x5000")
                .hasMessageContaining("softtlb: 0x15000")
                .hasMessageContaining("walking: 0x77000");
    }

    @Test
    void findsRightsThatAreNotThere() {
        Mmu mmu =
                attach(m ->
                        new WrappedMmu(m) {
                            @Override
                            public long translate(long linear, int access) {
                                return mmu.translate(linear, access & ~Mmu.USER);
                            }
                        });
        memory.write(TABLE + 4 * 3, 4, 0x13000 | 3);
        mmu.translate(0x3000, Mmu.WRITE);
        assertThatThrownBy(() -> mmu.translate(0x3000, Mmu.WRITE | Mmu.USER))
                .hasMessageContaining("walking: #PF(0x7)");
    }

    @Test
    void findsAWrongErrorCode() {
        Mmu mmu =
                attach(m ->
                        new WrappedMmu(m) {
                            @Override
                            public int faultErrorCode() {
                                return mmu.faultErrorCode() ^ 1;
                            }
                        });
        assertThatThrownBy(() -> mmu.translate(0x40_0000, Mmu.READ))
                .hasMessageContaining("softtlb: #PF(0x1)")
                .hasMessageContaining("walking: #PF(0x0)");
    }

    @Test
    void findsADirtyBitThatIsNotSet() {
        Mmu mmu =
                attach(m ->
                        new WrappedMmu(m) {
                            @Override
                            public long translate(long linear, int access) {
                                return mmu.translate(linear, access & ~Mmu.WRITE);
                            }
                        });
        mmu.translate(0x3000, Mmu.READ);
        assertThatThrownBy(() -> mmu.translate(0x3000, Mmu.WRITE))
                .hasMessageContaining("the dirty bit is not set by softtlb");
        assertThat(memory.read(TABLE + 4 * 3, 4) & D).isEqualTo(D);
    }

    @Test
    void findsAWrongPageWithoutPaging() {
        Mmu mmu =
                attach(m ->
                        new WrappedMmu(m) {
                            @Override
                            public long translate(long linear, int access) {
                                return mmu.translate(linear ^ 0x1000, access);
                            }
                        });
        vcpu.state().cr0 = 1;
        assertThatThrownBy(() -> mmu.translate(0x3000, Mmu.READ)).hasMessageContaining("0x2000");
    }

    @Test
    void saysWhatIsMissing() {
        Host host = new Host("amd64", "Linux", true);
        var strategy = verifying(new SoftTlbStrategy());
        assertThat(strategy.supportOn(host)).isEqualTo(Support.YES);
        System.setProperty(VerifyingStrategy.PROPERTY, "softtlb,nested");
        assertThat(strategy.supportOn(host).toString()).contains("'nested'");
        System.setProperty(VerifyingStrategy.PROPERTY, "verify,softtlb");
        assertThat(strategy.supportOn(host).toString()).contains("'verify'");
        System.setProperty(VerifyingStrategy.PROPERTY, "softtlb");
        assertThat(strategy.supportOn(host)).isInstanceOf(Support.No.class);
    }
}
