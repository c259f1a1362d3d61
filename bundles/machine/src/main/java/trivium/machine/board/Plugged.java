package trivium.machine.board;

import java.util.Map;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.StateMigration;
import trivium.vm.VmException;

/**
 * A device's place on a board, and the device, if it is there. One that was taken out leaves its
 * state behind, free of its classes. Used while the vCPUs stand still, but for what only tells.
 */
final class Plugged {
    private final Board board;
    private final int place;
    private final String model;
    private final Map<String, String> options;
    private DeviceFactory factory;
    private volatile Device device;
    private DevicePlatform platform;

    /** Of a device that was there when another was taken out: its state of that moment. */
    private Record saved;

    /** The same of one that was taken out. */
    private StateTree kept;

    /**
     * @throws VmException as the factory says; the board is as before
     */
    Plugged(Board board, int place, DeviceFactory factory, Map<String, String> options)
            throws VmException {
        this.board = board;
        this.place = place;
        this.model = factory.model();
        this.options = options;
        make(factory);
    }

    String model() {
        return model;
    }

    /** Null if it was taken out. */
    Device device() {
        return device;
    }

    DeviceFactory factory() {
        return factory;
    }

    boolean isOf(Object maker) {
        return device != null && factory == maker;
    }

    /** Makes the device anew, as at power-on. */
    void make(DeviceFactory from) throws VmException {
        DevicePlatform made = new DevicePlatform(board, model, place);
        try {
            device = from.create(made, new DeviceOptions(model, options));
        } catch (VmException e) {
            made.close();
            throw e;
        } catch (IllegalArgumentException e) {
            made.close();
            throw new VmException("device %s: %s".formatted(model, e.getMessage()), e);
        }
        platform = made;
        factory = from;
    }

    void save() {
        if (device != null) {
            synchronized (device) {
                saved = device.save();
            }
        }
    }

    /** Takes the device out; what {@link #save} saved stays. */
    void takeOut() {
        if (saved != null) {
            kept = StateTree.of(saved);
            saved = null;
        }
        close();
    }

    /**
     * The state that the device is to have again.
     *
     * @throws VmException if this version of the model cannot take it
     */
    Record stateToTake() throws VmException {
        if (kept == null) {
            return saved;
        }
        try {
            synchronized (device) {
                return kept.to(
                        device.save(),
                        device instanceof StateMigration migration ? migration::migrate : null);
            }
        } catch (RuntimeException e) {
            throw new VmException("device %s: %s".formatted(model, e.getMessage()), e);
        }
    }

    /** All devices have their states again. */
    void forgetStates() {
        saved = null;
        kept = null;
    }

    void close() {
        if (device == null) {
            return;
        }
        Device old = device;
        synchronized (old) {
            old.close();
        }
        platform.close();
        device = null;
        platform = null;
        factory = null;
    }
}
