package trivium.vt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;
import trivium.hostos.Kvm;
import trivium.hostos.KvmVcpu;
import trivium.hostos.KvmVm;

/** State that goes through a real KVM and comes back. */
class KvmStateTest {
    private static final int STATES = 300;

    private final IdleVcpu vcpu = new IdleVcpu();
    private KvmVm vm;
    private KvmVcpu kvm;
    private KvmState state;

    @BeforeEach
    void open() throws IOException {
        var obstacle = KvmHost.obstacle();
        assumeTrue(obstacle.isEmpty(), obstacle.orElse(""));
        try (Kvm system = Kvm.open()) {
            vm = system.createVm();
            vm.setTssAddr(0xfffb_d000);
        }
        kvm = vm.createVcpu(0);
        kvm.setCpuid(CpuidTable.of(CpuModel.X86_64, true, 0));
        state = new KvmState(vcpu, kvm, false);
    }

    @AfterEach
    void close() {
        if (kvm != null) {
            kvm.close();
            vm.close();
        }
    }

    private static String text(VcpuState s) {
        var all = new TreeMap<String, Object>();
        for (var field : VcpuState.class.getFields()) {
            try {
                Object value = field.get(s);
                all.put(
                        field.getName(),
                        switch (value) {
                            case long[] a -> hex(a);
                            case int[] a -> Arrays.toString(a);
                            case Object[] a -> Arrays.toString(a);
                            case Long l -> Long.toHexString(l);
                            case Integer i -> Integer.toHexString(i);
                            default -> value.toString();
                        });
            } catch (IllegalAccessException e) {
                throw new AssertionError(e);
            }
        }
        return all.toString().replace(", ", ",\n");
    }

    private static String hex(long[] all) {
        return Arrays.toString(Arrays.stream(all).mapToObj(Long::toHexString).toArray());
    }

    @Test
    void randomLegalStatesComeBackAsTheyWent() throws IOException {
        for (int seed = 0; seed < STATES; seed++) {
            VcpuState s = vcpu.state();
            new RandomState(seed).fill(s);
            int shadow = s.interruptShadow;
            String before = text(s);

            state.load();
            new RandomState(seed + 1_000_000).fill(s); // nothing is left of it here
            s.interruptShadow = shadow; // AMD-V has one for both kinds
            keepWhatKvmHasNot(s, seed);
            state.store();

            assertThat(text(s)).as("seed %d", seed).isEqualTo(before);
            assertThat(state.owedVector).isEqualTo(-1);
        }
    }

    /** MTRRs, IA32_MISC_ENABLE and the TSC offset stay in the canonical state. */
    private static void keepWhatKvmHasNot(VcpuState s, int seed) {
        VcpuState kept = new VcpuState();
        new RandomState(seed).fill(kept);
        System.arraycopy(kept.mtrrVariable, 0, s.mtrrVariable, 0, s.mtrrVariable.length);
        s.miscEnable = kept.miscEnable;
        s.tscOffset = kept.tscOffset;
        s.cr8 = kept.cr8;
        s.fip = kept.fip; // with them FCS and FDS
        s.fdp = kept.fdp;
        s.fcs = kept.fcs;
        s.fds = kept.fds;
    }

    @Test
    void anInterruptThatKvmTookAndDidNotDeliverIsOwed() throws IOException {
        VcpuState s = vcpu.state();
        new RandomState(7).fill(s);
        s.rflags |= 1 << 9;
        s.interruptShadow = VcpuState.SHADOW_NONE;
        state.load();

        kvm.interrupt(0x42);
        state.store();
        assertThat(state.owedVector).isEqualTo(0x42);

        state.load();
        state.store();
        assertThat(state.owedVector).isEqualTo(-1);
    }
}
