package trivium.machine.life;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import trivium.cpu.CpuModel;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuState;
import trivium.machine.boot.Firmware;
import trivium.machine.life.Fakes.Engine;
import trivium.vm.CodeListing;
import trivium.vm.Vm;
import trivium.vm.Vm.Outcome;
import trivium.vm.VmConfig;
import trivium.vm.VmConfig.BlockKind;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmEvent;
import trivium.vm.VmException;
import trivium.vm.VmState;

@Timeout(60)
class VirtualMachineTest {
    @TempDir Path folder;
    private final Map<String, Fakes.Parts> parts = new HashMap<>();
    private final List<VmEvent> events = new CopyOnWriteArrayList<>();
    private Path bios;
    private VirtualMachine vm;

    @BeforeEach
    void firmware() throws IOException {
        bios = Files.write(folder.resolve("bios.bin"), new byte[65536]);
    }

    @AfterEach
    void cutThePower() {
        if (vm != null) {
            vm.close();
        }
    }

    private VirtualMachine start(int cpus, Engine... engines) throws VmException {
        return start(cpus, false, engines);
    }

    private VirtualMachine start(int cpus, boolean icount, Engine... engines) throws VmException {
        Catalog catalog = Fakes.catalog(parts, engines);
        var config = Fakes.config("test", cpus, icount, Optional.of(bios));
        vm = new VirtualMachine(config, catalog, new Firmware(List.of()), events::add);
        vm.start();
        return vm;
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(1);
        }
    }

    private void awaitProgress() throws InterruptedException {
        long before = vm.statistics().instructions();
        await(() -> vm.statistics().instructions() > before);
    }

    @Test
    void startsRunsAndStops() throws Exception {
        Engine engine = Engine.counting("interpreter");
        start(1, engine);
        assertThat(vm.state()).isEqualTo(VmState.RUNNING);
        assertThat(vm.engine()).isEqualTo("interpreter");
        awaitProgress();
        assertThat(vm.uptimeMillis()).isLessThan(60_000);

        vm.stop();

        assertThat(vm.state()).isEqualTo(VmState.OFF);
        assertThat(vm.outcome().get()).isEqualTo(new Outcome.PoweredOff("operator"));
        assertThat(engine.attached()).hasValue(0);
        assertThat(parts.get("pic").last.closes).hasValue(1);
        assertThat(vm.statistics().instructions()).isPositive();
        assertThat(events)
                .containsExactly(
                        new VmEvent.StateChanged("test", VmState.OFF, VmState.RUNNING, "started"),
                        new VmEvent.StateChanged("test", VmState.RUNNING, VmState.OFF, "stop"));
    }

    @Test
    void canBeStartedAgain() throws Exception {
        start(1, Engine.counting("interpreter"));
        vm.stop();
        vm.start();
        assertThat(vm.outcome()).isNotDone();
        awaitProgress();
    }

    @Test
    void aPausedVmStandsStillAndItsClockToo() throws Exception {
        start(2, Engine.counting("interpreter"));
        awaitProgress();
        vm.pause();
        long instructions = vm.statistics().instructions(), uptime = vm.uptimeMillis();

        Thread.sleep(30);

        assertThat(vm.statistics().instructions()).isEqualTo(instructions);
        assertThat(vm.uptimeMillis()).isEqualTo(uptime);
        assertThatThrownBy(vm::pause)
                .isInstanceOf(VmException.class)
                .hasMessageContaining("paused");
        vm.resume();
        awaitProgress();
    }

    @Test
    void enginesAreSwappedWhileItRunsAndWhileItIsPaused() throws Exception {
        Engine first = Engine.counting("bt"), second = Engine.counting("vt");
        start(2, first, second);
        assertThat(vm.engine()).isEqualTo("bt");
        awaitProgress();
        long before = vm.statistics().instructions();

        vm.useEngine("vt");
        assertThat(first.attached()).hasValue(0);
        assertThat(second.attached()).hasValue(2);
        assertThat(vm.statistics().instructions()).isGreaterThanOrEqualTo(before);
        awaitProgress();

        vm.pause();
        vm.useEngine("bt");
        assertThat(second.attached()).hasValue(0);
        assertThat(vm.state()).isEqualTo(VmState.PAUSED);
        vm.resume();
        awaitProgress();
        assertThat(events).contains(new VmEvent.EngineChanged("test", "bt", "vt"));
    }

    @Test
    void guestsFindTheirEngineInFwCfg() throws Exception {
        start(1, Engine.counting("bt"), Engine.counting("vt"));
        assertThat(parts.get("fw-cfg").last.files).containsEntry("opt/trivium/engine", "bt");

        vm.useEngine("vt");
        assertThat(parts.get("fw-cfg").last.files).containsEntry("opt/trivium/engine", "vt");
    }

    @Test
    void anEngineThatCannotTakeOverLeavesTheOldOne() throws Exception {
        start(1, Engine.counting("interpreter"), Engine.counting("unattachable"));

        assertThatThrownBy(() -> vm.useEngine("unattachable"))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("cannot attach");
        assertThatThrownBy(() -> vm.useEngine("foreign"))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("no engine 'foreign'; there are interpreter, unattachable");

        assertThat(vm.engine()).isEqualTo("interpreter");
        awaitProgress();
    }

    @Test
    void resetPutsCpusAndDevicesBack() throws Exception {
        start(1, Engine.counting("interpreter"));
        awaitProgress();
        int resets = parts.get("rtc").last.resets.get();

        vm.pause();
        vm.reset();

        assertThat(parts.get("rtc").last.resets).hasValue(resets + 1);
        assertThat(vm.registers(0))
                .contains("rax 0000000000000000")
                .contains("rip 000000000000fff0");
        vm.resume();
        awaitProgress();
    }

    @Test
    void aGuestThatResetsItselfGoesOn() throws Exception {
        AtomicBoolean once = new AtomicBoolean(true);
        start(
                2,
                Engine.of(
                        "interpreter",
                        vcpu -> {
                            if (vcpu.index() == 0
                                    && vcpu.state().gpr[VcpuState.RAX] > 1000
                                    && once.getAndSet(false)) {
                                parts.get("port92").last.platform.power().reset("port 92");
                            }
                            return null;
                        }));
        await(() -> parts.get("rtc").last.resets.get() == 2);
        awaitProgress();
        assertThat(vm.state()).isEqualTo(VmState.RUNNING);
    }

    @Test
    void powerOffAndDebugExitEndIt() throws Exception {
        start(1, Engine.counting("interpreter"));
        parts.get("rtc").last.platform.power().powerOff("ACPI");
        assertThat(vm.outcome().get(10, TimeUnit.SECONDS))
                .isEqualTo(new Outcome.PoweredOff("ACPI"));

        vm.start();
        parts.get("rtc").last.platform.power().debugExit(3);
        assertThat(vm.outcome().get(10, TimeUnit.SECONDS)).isEqualTo(new Outcome.DebugExit(3));
        assertThat(vm.state()).isEqualTo(VmState.OFF);
    }

    @Test
    void aTripleFaultEndsIt() throws Exception {
        start(
                1,
                Engine.of(
                        "interpreter",
                        vcpu -> {
                            vcpu.state().activity = VcpuState.SHUTDOWN;
                            return VcpuExit.TRIPLE_FAULT;
                        }));

        assertThat(vm.outcome().get(10, TimeUnit.SECONDS)).isInstanceOf(Outcome.TripleFault.class);
        assertThat(vm.state()).isEqualTo(VmState.CRASHED);
        assertThat(vm.failure()).contains("vCPU 0: triple fault");
    }

    @Test
    void aTripleFaultResetsItIfThatIsAskedFor() throws Exception {
        AtomicInteger runs = new AtomicInteger();
        Engine engine =
                Engine.of(
                        "interpreter",
                        vcpu -> {
                            if (runs.incrementAndGet() > 2) {
                                return VcpuExit.HALTED;
                            }
                            vcpu.state().activity = VcpuState.SHUTDOWN;
                            return VcpuExit.TRIPLE_FAULT;
                        });
        var boot = Fakes.config("test", 1, false, Optional.of(bios)).boot();
        var config =
                new VmConfig(
                        "test",
                        "auto",
                        "auto",
                        CpuModel.X86_64,
                        1,
                        16,
                        List.of(),
                        boot,
                        "none",
                        false,
                        Map.of(),
                        Optional.empty(),
                        false,
                        false,
                        true);
        vm =
                new VirtualMachine(
                        config, Fakes.catalog(parts, engine), new Firmware(List.of()), events::add);
        vm.start();

        await(() -> runs.get() > 2);

        assertThat(vm.state()).isEqualTo(VmState.RUNNING);
        assertThat(vm.failure()).isEmpty();
        assertThat(parts.get("pic").last.resets).hasValueGreaterThanOrEqualTo(3);
    }

    @Test
    void mediaChangeWhileItIsOn() throws Exception {
        Path one = Files.write(folder.resolve("one"), new byte[1_474_560]);
        Path two = Files.write(folder.resolve("two"), new byte[737_280]);
        var drives =
                List.of(
                        new Drive("floppy0", BlockKind.FLOPPY, one, false),
                        new Drive("ide2", BlockKind.CDROM, Path.of(""), true),
                        new Drive("ide0", BlockKind.DISK, two, false));
        Catalog catalog = Fakes.catalog(parts, Engine.counting("interpreter"));
        var boot =
                new VmConfig.Boot(
                        Optional.of(bios), Optional.empty(), Optional.empty(), "", drives, "");
        var config =
                new VmConfig(
                        "test",
                        "auto",
                        "auto",
                        CpuModel.X86_64,
                        1,
                        16,
                        List.of(),
                        boot,
                        "none",
                        false,
                        Map.of(),
                        Optional.empty(),
                        false,
                        false);
        vm = new VirtualMachine(config, catalog, new Firmware(List.of()), events::add);
        assertThatThrownBy(() -> vm.changeMedium("floppy0", Optional.empty()))
                .hasMessage("cannot change a medium of vm test: it is off, not running or paused");
        vm.start();
        assertThat(vm.media())
                .containsEntry("floppy0", Optional.of(one))
                .containsEntry("ide2", Optional.empty())
                .containsEntry("ide0", Optional.of(two));

        vm.changeMedium("floppy0", Optional.empty());
        vm.changeMedium("ide2", Optional.of(one));

        var platform = parts.get("floppy").last.platform;
        assertThat(platform.drive("floppy0").orElseThrow().sizeBytes()).isZero();
        assertThat(platform.drive("ide2").orElseThrow().sizeBytes()).isEqualTo(1_474_560);
        assertThat(platform.drive("ide2").orElseThrow().mediaGeneration()).isEqualTo(1);
        assertThat(vm.media()).containsEntry("ide2", Optional.of(one));
        assertThatThrownBy(() -> vm.changeMedium("ide0", Optional.of(one)))
                .hasMessage("vm test: no CD or floppy drive ide0; there are floppy0, ide2");
        vm.stop();
        assertThat(vm.media()).containsEntry("floppy0", Optional.of(one));
    }

    @Test
    void anEngineThatThrowsCrashesThisVmOnly() throws Exception {
        start(
                1,
                Engine.of(
                        "interpreter",
                        _ -> {
                            throw new IllegalStateException("bug");
                        }));

        assertThat(vm.outcome().get(10, TimeUnit.SECONDS))
                .isEqualTo(new Outcome.Crashed("vCPU 0: java.lang.IllegalStateException: bug"));
        assertThat(vm.state()).isEqualTo(VmState.CRASHED);
        assertThat(parts.get("pic").last.closes).hasValue(1);
        assertThatThrownBy(vm::stop)
                .isInstanceOf(VmException.class)
                .hasMessageContaining("crashed");
    }

    @Test
    void aFailedExitCrashesWithItsReason() throws Exception {
        start(1, Engine.of("interpreter", _ -> new VcpuExit.Failed("no such thing")));

        assertThat(vm.outcome().get(10, TimeUnit.SECONDS))
                .isEqualTo(new Outcome.Crashed("vCPU 0: no such thing"));
    }

    @Test
    void aHaltedVcpuSleepsUntilAnEvent() throws Exception {
        start(
                1,
                Engine.of(
                        "interpreter",
                        vcpu -> {
                            vcpu.state().activity = VcpuState.HALTED;
                            vcpu.onHalt();
                            return VcpuExit.HALTED;
                        }));
        await(() -> vm.statistics().counters().getOrDefault("halts", 0L) == 1);
        long instructions = vm.statistics().instructions();
        Thread.sleep(20);
        assertThat(vm.statistics().instructions()).isEqualTo(instructions);
        vm.pause();
        vm.resume();
        vm.stop();
    }

    @Test
    void applicationProcessorsWaitForTheirStartUp() throws Exception {
        start(2, Engine.counting("interpreter"));
        awaitProgress();

        assertThat(vm.registers(1)).contains("wait-for-sipi");
        assertThat(vm.registers(0)).contains("active");
        assertThatThrownBy(() -> vm.registers(2))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("no vCPU 2; there are 0 to 1");
    }

    @Test
    void codeIsListedFromWhereTheVcpuIsUpToABranch() throws Exception {
        byte[] rom = new byte[65536];
        byte[] code = {(byte) 0xb8, 0x34, 0x12, (byte) 0xf4, (byte) 0x90};
        System.arraycopy(code, 0, rom, 0xfff0, code.length);
        Files.write(bios, rom);
        start(1, Engine.counting("interpreter"));

        CodeListing listing = vm.disassemble(0, OptionalLong.empty(), 10);

        assertThat(listing.mode()).isEqualTo(16);
        assertThat(listing.host()).isEmpty();
        assertThat(listing.guest())
                .containsExactly(
                        new CodeListing.Line(0xfff0, "b8 34 12", "mov ax, 0x1234", 0),
                        new CodeListing.Line(0xfff3, "f4", "hlt", 1));
        assertThat(vm.disassemble(0, OptionalLong.of(0xfff4), 1).guest())
                .containsExactly(new CodeListing.Line(0xfff4, "90", "nop", 0));
        awaitProgress();
    }

    @Test
    void codeWhereNoMemoryIsEndsTheListing() throws Exception {
        start(1, Engine.counting("interpreter"));
        vm.pause();

        // CS base FFFF0000: the byte behind the ROM's last wraps to RAM, one before it is nothing.
        assertThat(vm.disassemble(0, OptionalLong.of(0x8000_0000L), 10).guest())
                .containsExactly(new CodeListing.Line(0x8000_0000L, "", "(no memory)", 0));
        assertThat(vm.state()).isEqualTo(VmState.PAUSED);
    }

    @Test
    void aTranslationIsListedWithItsHostCode() throws Exception {
        start(1, Engine.counting("bt"));

        CodeListing listing = vm.disassemble(0, OptionalLong.of(0xfff0), 1);

        assertThat(listing.engine()).isEqualTo("bt");
        assertThat(listing.guest())
                .extracting(CodeListing.Line::address)
                .containsExactly(0xfff0L, 0xfff4L);
        long hva = 0x7f00_0000_1000L;
        assertThat(listing.host())
                .containsExactly(
                        new CodeListing.Line(hva, "fc", "cld", 0),
                        new CodeListing.Line(hva + 1, "c3", "ret", 1),
                        new CodeListing.Line(hva + 2, "0f", "(no memory)", -1));
        assertThat(vm.disassemble(0, OptionalLong.of(0xfff4), 1).host()).isEmpty();
    }

    @Test
    void aRemovedEngineIsReplacedByAnother() throws Exception {
        Engine gone = Engine.counting("bt"), other = Engine.counting("interpreter");
        Catalog catalog = startFrom("auto", gone, other);

        catalog.remove(gone);
        vm.withdrawn(gone, "engine bt");

        assertThat(vm.engine()).isEqualTo("interpreter");
        assertThat(gone.attached()).hasValue(0);
        awaitProgress();
        catalog.remove(other);
        vm.withdrawn(other, "engine interpreter");
        assertThat(other.attached()).hasValue(0);
        assertThat(vm.state()).isEqualTo(VmState.PAUSED);
        assertThat(vm.mode().waitsFor()).contains("engine interpreter is gone: no engine is there");
        assertThatThrownBy(vm::resume)
                .isInstanceOf(VmException.class)
                .hasMessageContaining("waits: engine interpreter is gone");
        assertThat(vm.registers(0)).contains("rip");

        catalog.add(gone);
        vm.arrived("engine bt");

        assertThat(vm.state()).isEqualTo(VmState.RUNNING);
        assertThat(vm.mode().waitsFor()).isEmpty();
        awaitProgress();
    }

    private Catalog startFrom(String engine, Engine... engines) throws VmException {
        Catalog catalog = Fakes.catalog(parts, engines);
        var config = Fakes.config("test", 2, false, Optional.of(bios));
        vm = new VirtualMachine(config, catalog, new Firmware(List.of()), events::add);
        vm.start();
        vm.useEngine(engine);
        return catalog;
    }

    @Test
    void aPinnedEngineThatIsUpdatedIsWaitedFor() throws Exception {
        Engine old = Engine.counting("bt"), other = Engine.counting("interpreter");
        Catalog catalog = startFrom("bt", old, other);

        catalog.remove(old);
        vm.withdrawn(old, "engine bt");

        assertThat(vm.state()).isEqualTo(VmState.PAUSED);
        assertThat(vm.mode().waitsFor()).get().asString().contains("no engine 'bt'");
        vm.pause(); // and now it shall stay so
        Engine updated = Engine.counting("bt");
        catalog.add(updated);
        vm.arrived("engine bt");
        assertThat(vm.state()).isEqualTo(VmState.PAUSED);
        assertThat(updated.attached()).hasValue(2);
        vm.resume();
        awaitProgress();
    }

    @Test
    void aWaitingVmTakesAnotherEngineWhenAsked() throws Exception {
        Engine old = Engine.counting("bt"), other = Engine.counting("interpreter");
        Catalog catalog = startFrom("bt", old, other);
        catalog.remove(old);
        vm.withdrawn(old, "engine bt");

        vm.useEngine("interpreter");

        assertThat(vm.state()).isEqualTo(VmState.RUNNING);
        awaitProgress();
        assertThat(vm.mode().wantedEngine()).isEqualTo("interpreter");
    }

    @Test
    void aSecondVersionTakesOverAndLeavesToTheFirst() throws Exception {
        Engine first = Engine.counting("bt"), second = Engine.counting("bt");
        Catalog catalog = startFrom("bt", first);
        catalog.add(second);
        vm.arrived("engine bt");
        assertThat(second.attached()).hasValue(2);
        assertThat(first.attached()).hasValue(0);
        awaitProgress();

        catalog.remove(second);
        vm.withdrawn(second, "engine bt");

        assertThat(first.attached()).hasValue(2);
        assertThat(second.attached()).hasValue(0);
        awaitProgress();
    }

    @Test
    void anEngineRefusedByOneVcpuIsRefusedByAll() throws Exception {
        Engine first = Engine.counting("bt"), half = Engine.counting("half");
        startFrom("bt", first, half);

        assertThatThrownBy(() -> vm.useEngine("half"))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("engine half with MMU strategy softtlb cannot take over")
                .hasMessageContaining("no second vCPU");

        assertThat(vm.engine()).isEqualTo("bt");
        assertThat(vm.mode().wantedEngine()).isEqualTo("bt");
        assertThat(first.attached()).hasValue(2);
        assertThat(half.attached()).hasValue(0);
        awaitProgress();
    }

    @Test
    void changesAreTimedWhileItRunsOnly() throws Exception {
        startFrom("bt", Engine.counting("bt"), Engine.counting("interpreter"));
        assertThat(vm.mode().swaps()).isEqualTo(Vm.Swaps.NONE);

        vm.useEngine("interpreter");
        awaitProgress();

        assertThat(vm.mode().swaps().count()).isEqualTo(1);
        assertThat(vm.mode().swaps().medianNanos()).isPositive();
        vm.pause();
        long last = vm.mode().swaps().lastNanos();
        vm.useEngine("auto");
        Thread.sleep(50);
        vm.resume();
        awaitProgress();
        assertThat(vm.mode().swaps().count()).isEqualTo(2);
        assertThat(vm.mode().swaps().lastNanos()).isEqualTo(last);
        assertThat(vm.mode().wantedEngine()).isEqualTo("auto");
    }

    @Test
    void changesAreEventsOfTheFlightRecorder(@TempDir Path folder) throws Exception {
        startFrom("bt", Engine.counting("bt"), Engine.counting("interpreter"));
        Path file = folder.resolve("swap.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("trivium.machine.Swap");
            recording.start();
            vm.useEngine("interpreter");
            awaitProgress();
            vm.pause();
            recording.stop();
            recording.dump(file);
        }

        assertThat(RecordingFile.readAllEvents(file))
                .filteredOn(e -> e.getEventType().getName().equals("trivium.machine.Swap"))
                .isNotEmpty()
                .allSatisfy(e -> {
                    assertThat(e.getString("vm")).isEqualTo("test");
                    assertThat(e.getString("from")).isEqualTo("bt/softtlb");
                    assertThat(e.getString("to")).isEqualTo("interpreter/softtlb");
                    assertThat(e.getLong("pauseNanos")).isPositive();
                });
    }

    /** The guest's time is the host's, less what it was paused for. */
    @Test
    void theClockGoesOnDuringAChange() throws Exception {
        startFrom("bt", Engine.counting("bt"), Engine.counting("slow"));
        long before = vm.uptimeMillis(), start = System.nanoTime();

        vm.useEngine("slow");

        assertThat(vm.mode().swaps().count()).isEqualTo(1);
        long host = (System.nanoTime() - start) / 1_000_000;
        assertThat(host).isGreaterThanOrEqualTo(50);
        assertThat(vm.uptimeMillis() - before).isBetween(host - 20, host + 1000);
    }

    @Test
    void countedTimeFollowsInstructions() throws Exception {
        start(
                1,
                true,
                Engine.of(
                        "interpreter",
                        vcpu -> {
                            if (vcpu.state().gpr[VcpuState.RAX] == 50_000) {
                                parts.get("rtc").last.platform.power().powerOff("enough");
                            }
                            return null;
                        }));

        assertThat(vm.outcome().get(20, TimeUnit.SECONDS))
                .isEqualTo(new Outcome.PoweredOff("enough"));
    }

    @Test
    void aMissingDeviceOrFirmwareIsNamed() {
        Catalog catalog = Fakes.catalog(parts, Engine.counting("interpreter"));
        catalog.remove(parts.get("vga"));
        var config = Fakes.config("test", 1, false, Optional.of(bios));
        vm = new VirtualMachine(config, catalog, new Firmware(List.of()), events::add);
        assertThatThrownBy(vm::start)
                .isInstanceOf(VmException.class)
                .hasMessageContaining("no device 'vga'");
        assertThat(vm.state()).isEqualTo(VmState.OFF);
        assertThat(parts.get("pic").last.closes).hasValue(1);

        var bare = Fakes.config("bare", 1, false, Optional.empty());
        assertThatThrownBy(() ->
                        new VirtualMachine(bare, catalog, new Firmware(List.of()), _ -> {}).start())
                .isInstanceOf(VmException.class)
                .hasMessageContaining("no firmware found");
    }

    @Test
    void whatCannotBeDoneNowSaysSo() throws Exception {
        start(1, Engine.counting("interpreter"));
        assertThatThrownBy(vm::start)
                .isInstanceOf(VmException.class)
                .hasMessage("cannot start vm test: it is running, not off");
        assertThatThrownBy(vm::resume).isInstanceOf(VmException.class);
        assertThatThrownBy(vm::shutdown)
                .isInstanceOf(VmException.class)
                .hasMessageContaining("no power button");
        vm.stop();
        assertThatThrownBy(vm::stop)
                .isInstanceOf(VmException.class)
                .hasMessageContaining("it is off");
        assertThat(vm.screen()).isEmpty();
    }
}
