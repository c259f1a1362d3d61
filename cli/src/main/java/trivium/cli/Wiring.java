package trivium.cli;

import java.util.ArrayList;
import java.util.List;
import trivium.bt.BtEngine;
import trivium.cpu.ExecutionEngine;
import trivium.device.DeviceFactory;
import trivium.devices.pc.chipset.FerrLatch;
import trivium.devices.pc.chipset.I440fx;
import trivium.devices.pc.chipset.Piix3;
import trivium.devices.pc.chipset.Piix4Pm;
import trivium.devices.pc.dma.I8237Pair;
import trivium.devices.pc.firmware.DebugConsole;
import trivium.devices.pc.firmware.FwCfg;
import trivium.devices.pc.input.I8042;
import trivium.devices.pc.input.Port92;
import trivium.devices.pc.input.VmPort;
import trivium.devices.pc.interrupt.I82093AA;
import trivium.devices.pc.interrupt.I8259Pair;
import trivium.devices.pc.interrupt.LocalApics;
import trivium.devices.pc.serial.Uart16550;
import trivium.devices.pc.storage.I82077;
import trivium.devices.pc.storage.Ide;
import trivium.devices.pc.test.DebugExit;
import trivium.devices.pc.test.Port80;
import trivium.devices.pc.test.TestDevice;
import trivium.devices.pc.timer.Hpet;
import trivium.devices.pc.timer.I8254;
import trivium.devices.pc.timer.Mc146818;
import trivium.devices.pc.timer.PcSpeaker;
import trivium.devices.pc.video.Vga;
import trivium.devices.pc.virtio.VirtioBalloon;
import trivium.hostos.HostInfo;
import trivium.machine.life.Catalog;
import trivium.mmu.MmuStrategy;
import trivium.mmu.nested.internal.NestedStrategy;
import trivium.mmu.shadow.internal.ShadowStrategy;
import trivium.mmu.softtlb.internal.SoftTlbStrategy;
import trivium.mmu.verify.internal.VerifyingStrategy;
import trivium.vmi.VmiDevice;
import trivium.vmi.VmiEngine;
import trivium.vt.VtEngine;
import trivium.x86.InterpreterEngine;
import trivium.x86.fuzz.WalkingStrategy;

/** What the container finds as services, by hand. */
final class Wiring {
    private static final int VECTOR_CACHE_BYTES = 8 << 20;

    private Wiring() {}

    static List<ExecutionEngine> engines() {
        return List.of(new InterpreterEngine(), new BtEngine(), new VtEngine(), new VmiEngine());
    }

    /** Engines for vectors: what can be translated is, although it is run once. */
    static List<ExecutionEngine> vectorEngines() {
        return List.of(new InterpreterEngine(), new BtEngine(VECTOR_CACHE_BYTES, 1, 3));
    }

    static MmuStrategy softTlb() {
        return new SoftTlbStrategy();
    }

    /** Where the page tables are walked each time, no difference is hidden. */
    static List<MmuStrategy> soakStrategies() {
        MmuStrategy walking = new WalkingStrategy();
        return List.of(walking, softTlb(), new ShadowStrategy(walking));
    }

    static List<MmuStrategy> strategies() {
        List<MmuStrategy> plain =
                List.of(softTlb(), new ShadowStrategy(softTlb()), new NestedStrategy());
        List<MmuStrategy> all = new ArrayList<>(plain);
        all.add(new VerifyingStrategy(() -> plain));
        return all;
    }

    static List<DeviceFactory> devices() {
        return List.of(
                new I440fx.Factory(),
                new Piix3.Factory(),
                new I8259Pair.Factory(),
                new I8254.Factory(),
                new PcSpeaker.Factory(),
                new Mc146818.Factory(),
                new I8042.Factory(),
                new Port92.Factory(),
                new VmPort.Factory(),
                new Uart16550.Factory(),
                new FwCfg.Factory(),
                new Vga.Factory(),
                new I8237Pair.Factory(),
                new Piix4Pm.Factory(),
                new Ide.Factory(),
                new LocalApics.Factory(),
                new I82093AA.Factory(),
                new Hpet.Factory(),
                new VirtioBalloon.Factory(),
                new Port80.Factory(),
                new FerrLatch.Factory(),
                new DebugConsole.Factory(),
                new I82077.Factory(),
                new DebugExit.Factory(),
                new VmiDevice.Factory(),
                new TestDevice.Factory());
    }

    static Catalog catalog() {
        Catalog catalog = new Catalog(HostInfo.host());
        engines().forEach(catalog::add);
        strategies().forEach(catalog::add);
        devices().forEach(catalog::add);
        return catalog;
    }
}
