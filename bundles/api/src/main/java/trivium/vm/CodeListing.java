package trivium.vm;

import java.util.List;

/**
 * Guest code as the vCPU would execute it now and, of engines that translate, the host code made of
 * it.
 *
 * @param mode code size of the guest: 16, 32 or 64
 * @param host empty if the engine translates nothing, or not this
 */
public record CodeListing(int vcpu, String engine, int mode, List<Line> guest, List<Line> host) {
    public CodeListing {
        guest = List.copyOf(guest);
        host = List.copyOf(host);
    }

    /**
     * One instruction.
     *
     * @param address its offset in the guest's code segment, or its host address
     * @param bytes in hex
     * @param text in Intel syntax
     * @param guest of host code: the index of the guest instruction it belongs to, -1 if to none or
     *     that is unknown; of guest code its own index
     */
    public record Line(long address, String bytes, String text, int guest) {}
}
