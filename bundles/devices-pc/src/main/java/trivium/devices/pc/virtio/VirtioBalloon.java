package trivium.devices.pc.virtio;

import java.util.Map;
import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.device.Balloon;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.devices.pc.States;
import trivium.memory.PhysicalMemory;
import trivium.vm.VmException;

/**
 * The traditional memory balloon (VIRTIO 1.0, 5.5): the driver gives pages that the guest shall do
 * without to the host, and takes them back. A page given has no content; the guest may use it again
 * at any time, so it need not wait to be told. Not modelled: statistics, free page hints and
 * reporting.
 */
public final class VirtioBalloon implements VirtioModel {
    private static final int TYPE = 5, CLASS = 0x00ff00; // as QEMU has it: no class of its own
    private static final int INFLATE = 0, QUEUE_SIZE = 128;

    /** VIRTIO_BALLOON_F_DEFLATE_ON_OOM: the guest takes pages back rather than kill. */
    private static final long DEFLATE_ON_OOM = 1 << 2;

    private static final int PAGE = 4096;

    /** Page numbers of a chain that are looked at; drivers give 256. */
    private static final int MOST_PAGES = 1024;

    /** 5.5.4 "Device configuration layout". */
    private static final int NUM_PAGES = 0, ACTUAL = 4, CONFIG_BYTES = 8;

    /**
     * @param target pages that the guest shall do without
     * @param actual how many it does, as the driver says
     */
    public record State(int target, int actual) {}

    private final PhysicalMemory memory;
    private final byte[] numbers = new byte[MOST_PAGES * 4];
    private Transport transport;
    private int target, actual;

    VirtioBalloon(PhysicalMemory memory) {
        this.memory = memory;
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public int classCode() {
        return CLASS;
    }

    @Override
    public long features() {
        return DEFLATE_ON_OOM;
    }

    @Override
    public int[] queueSizes() {
        return new int[] {QUEUE_SIZE, QUEUE_SIZE};
    }

    @Override
    public void connect(Transport to) {
        transport = to;
    }

    @Override
    public int configBytes() {
        return CONFIG_BYTES;
    }

    @Override
    public int readConfig(int offset) {
        return offset < ACTUAL
                ? target >>> 8 * (offset - NUM_PAGES)
                : actual >>> 8 * (offset - ACTUAL);
    }

    @Override
    public void writeConfig(int offset, int octet) {
        if (offset >= ACTUAL) {
            int shift = 8 * (offset - ACTUAL);
            actual = actual & ~(0xff << shift) | octet << shift;
        }
    }

    @Override
    public void notified(int queue) {
        Virtqueue q = transport.queue(queue);
        boolean any = false;
        for (int n = 0; n < QUEUE_SIZE; n++) {
            Virtqueue.Chain chain = q.take();
            if (chain == null) {
                break;
            }
            if (queue == INFLATE) {
                takePages(chain);
            }
            q.give(chain, 0);
            any = true;
        }
        if (any) {
            transport.used(queue);
        }
    }

    private void takePages(Virtqueue.Chain chain) {
        int bytes = chain.read(0, numbers, numbers.length);
        for (int i = 0; i + 4 <= bytes; i += 4) {
            long page = 0;
            for (int b = 3; b >= 0; b--) {
                page = page << 8 | numbers[i + b] & 0xff;
            }
            memory.discard(page * PAGE);
        }
    }

    /** The guest got a new operating system, or will: it has all its pages; the target stays. */
    @Override
    public void reset() {
        actual = 0;
    }

    @Override
    public State save() {
        return new State(target, actual);
    }

    @Override
    public void restore(Record state) {
        State s = States.as(State.class, state);
        target = s.target;
        actual = s.actual;
    }

    /** What people do with it. */
    private record Valve(VirtioPci device, VirtioBalloon balloon, long ramBytes)
            implements Balloon {
        @Override
        public void setTarget(long bytes) {
            synchronized (device) {
                balloon.target = (int) (Math.clamp(bytes, 0, ramBytes) / PAGE);
                balloon.transport.configurationChanged();
            }
        }

        @Override
        public long targetBytes() {
            synchronized (device) {
                return (balloon.target & 0xffff_ffffL) * PAGE;
            }
        }

        @Override
        public long takenBytes() {
            synchronized (device) {
                return Math.min(ramBytes, (balloon.actual & 0xffff_ffffL) * PAGE);
            }
        }
    }

    /** Makes a balloon on PCI. */
    @Component(property = "device.model=virtio-balloon")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "virtio-balloon";
        }

        @Override
        public String description() {
            return "virtio memory balloon on PCI: takes memory from a guest that runs (vm:balloon)";
        }

        @Override
        public Map<String, String> options() {
            return Map.of();
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            PhysicalMemory memory = platform.memory();
            var balloon = new VirtioBalloon(memory);
            var device = new VirtioPci(platform, balloon);
            device.plug();
            platform.provide(Balloon.class, new Valve(device, balloon, memory.ramBytes()));
            return device;
        }
    }
}
