package trivium.machine.lockstep;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.cli.GuestVm;
import trivium.cli.guests.Guests;
import trivium.cpu.CpuModel;
import trivium.machine.boot.Boot;
import trivium.machine.boot.Firmware;
import trivium.vm.VmConfig;
import trivium.vm.VmException;

/** A machine that went back to a checkpoint does what one does that never did. */
@Timeout(300)
class CheckpointTest {
    private static final String ENGINE = "interpreter";
    private static final long LATER = 30_000_000;

    static VmConfig config() {
        var floppy =
                new VmConfig.Drive(
                        "floppy0", VmConfig.BlockKind.FLOPPY, Guests.bench("bench32.img"), true);
        var boot =
                new VmConfig.Boot(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        "",
                        List.of(floppy),
                        "floppy");
        return new VmConfig(
                "checkpoint",
                "auto",
                "auto",
                CpuModel.X86_64,
                1,
                64,
                List.of(),
                boot,
                "none",
                true,
                Map.of(),
                Optional.empty(),
                false,
                true);
    }

    /** In SeaBIOS's initialisation, while it reads the floppy, in the guest. */
    @ParameterizedTest
    @ValueSource(longs = {1, 3_000_000, 20_000_000, 60_000_000, 200_000_000})
    void aRestoredMachineGoesOnAsTheOther(long instructions) throws Exception {
        Path firmware = Guests.file("bios-256k.bin").getParent();
        VmConfig config = config();
        Boot boot = Boot.prepare(config, new Firmware(List.of(firmware)));
        try (Pair pair = pair(config, boot);
                Checkpoint checkpoint = new Checkpoint()) {
            assertThat(pair.advance(instructions)).isTrue();
            checkpoint.take(pair.reference);
            Side.await(pair.reference.advance(instructions + LATER / 2, false));

            checkpoint.restore(pair.reference);

            assertThat(pair.reference.instructions()).isEqualTo(instructions);
            assertThat(pair.advance(instructions + LATER)).as(pair.describe(null)).isTrue();
            assertThat(pair.memoryDifference()).isNull();
            assertThat(pair.reference.board().clock().nanos())
                    .isEqualTo(pair.candidate.board().clock().nanos());
        }
    }

    private static Pair pair(VmConfig config, Boot boot) throws VmException {
        return new Pair(config, GuestVm.catalog(), boot, ENGINE, ENGINE);
    }

    /** What vm:lockstep does with a paused VM. */
    @ParameterizedTest
    @ValueSource(longs = {20_000_000, 200_000_000})
    void newMachinesGoOnFromTheStateOfAnother(long instructions) throws Exception {
        Path firmware = Guests.file("bios-256k.bin").getParent();
        VmConfig config = config();
        Boot boot = Boot.prepare(config, new Firmware(List.of(firmware)));
        try (Pair pair = pair(config, boot);
                Pair other = pair(config, boot);
                Checkpoint checkpoint = new Checkpoint()) {
            Side.await(pair.reference.advance(instructions, false));
            checkpoint.take(pair.reference.board());
            checkpoint.restore(other.candidate);
            Side.await(pair.reference.advance(instructions + LATER, false));

            Side.await(other.candidate.advance(LATER, false));

            assertThat(other.candidate.board().clock().nanos())
                    .isEqualTo(pair.reference.board().clock().nanos());
            assertThat(StateDiff.equal(pair.reference.state(), other.candidate.state())).isTrue();
            assertThat(pair.difference(pair.reference, other.candidate)).isNull();
        }
    }
}
