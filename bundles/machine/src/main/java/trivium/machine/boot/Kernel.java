package trivium.machine.boot;

import trivium.vm.VmException;

/** A kernel image that was read and checked. */
sealed interface Kernel permits BzImage, Multiboot {
    /**
     * @param name what to call it in messages
     * @throws VmException if it is neither kind, or broken
     */
    static Kernel parse(String name, byte[] image) throws VmException {
        if (Multiboot.isOne(image)) {
            return Multiboot.parse(name, image);
        }
        if (BzImage.isOne(image)) {
            return BzImage.parse(name, image);
        }
        throw new VmException(
                "kernel %s is neither a Linux bzImage nor a Multiboot image".formatted(name));
    }
}
