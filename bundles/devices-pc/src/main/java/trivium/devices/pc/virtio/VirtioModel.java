package trivium.devices.pc.virtio;

/**
 * What makes a virtio device the one it is; {@link VirtioPci} is how drivers reach it. Called with
 * the monitor of that held. All numbers are little-endian.
 */
public interface VirtioModel {
    /** What the model asks of its transport. */
    interface Transport {
        /**
         * @param queue 0 and up
         */
        Virtqueue queue(int queue);

        /** Chains were given back: interrupts if the driver wants that. */
        void used(int queue);

        /** The device's own configuration changed. */
        void configurationChanged();

        /** What driver and device agreed on; 0 before. */
        long features();
    }

    /** VIRTIO 1.0, 5 "Device Types". */
    int type();

    /** PCI class, subclass and interface. */
    int classCode();

    /** Feature bits 0 to 23 that are offered. */
    long features();

    /** The size of each queue, powers of two. */
    int[] queueSizes();

    /** Called once, before anything else. */
    void connect(Transport transport);

    int configBytes();

    /**
     * @param offset into the device's own configuration
     */
    int readConfig(int offset);

    void writeConfig(int offset, int octet);

    /** The driver put something into a queue. */
    void notified(int queue);

    void reset();

    Record save();

    void restore(Record state);
}
