package trivium.vm;

/** Where a VM is in its life. */
public enum VmState {
    /** Powered off. */
    OFF,
    RUNNING,
    PAUSED,
    /** Stopped by a failure of ours or an unusable guest; {@link Vm#failure} tells. */
    CRASHED;

    @Override
    public String toString() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
