package trivium.bus;

import org.osgi.annotation.versioning.ProviderType;

/** PCI bus 0 of a VM. */
@ProviderType
public interface PciBus {
    /**
     * Plugs a function.
     *
     * @param device 0 to 31, or -1 for the first free one from 3 on
     * @param function 0 to 7
     * @return the device number
     */
    int plug(int device, int function, PciFunction pciFunction);

    void unplug(int device, int function);

    /** Configuration read; all ones where nothing is plugged. */
    int readConfig(int device, int function, int register, int size);

    void writeConfig(int device, int function, int register, int size, int value);

    /**
     * The interrupt pin A to D (0 to 3) of a device as a level-sensitive line, routed by the
     * chipset.
     */
    IrqLine intx(int device, int pin);

    /** Set by the chipset: receives the routed pin 0-3 (after the usual swizzle) and its level. */
    void setRouter(Router router);

    /** Where PIRQA to PIRQD go. */
    @FunctionalInterface
    interface Router {
        void set(int pirq, boolean asserted);
    }
}
