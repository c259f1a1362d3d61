package trivium.device;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * What the board tells its firmware: QEMU's fw_cfg (QEMU docs/specs/fw_cfg.rst). Provided through
 * {@link Platform#provide} by the model "fw-cfg"; filled before the guest runs. A later call with
 * the same name or key replaces the earlier one. Data is kept, not copied (a kernel may be what
 * many VMs begin with), so nobody changes it afterwards.
 */
@ConsumerType
public interface FirmwareConfig {
    /**
     * A file in the directory.
     *
     * @param name up to 55 ASCII characters, such as "etc/boot-fail-wait"
     */
    void addFile(String name, byte[] data);

    /**
     * @param key below 0x20: an item with a number of its own, such as 0x08, the kernel's size
     */
    void setItem(int key, byte[] data);
}
