package trivium.devices.pc.pci;

import java.util.function.LongFunction;
import trivium.memory.MemoryRegions.Mapping;

/** A memory BAR's place in the physical address space: mapped, moved and unmapped as it decodes. */
public final class PciMapping implements PciConfigSpace.BarListener {
    private final LongFunction<Mapping> map;
    private Mapping mapping;

    /**
     * @param map maps the memory or registers at an address
     */
    public PciMapping(LongFunction<Mapping> map) {
        this.map = map;
    }

    @Override
    public void moved(long base) {
        if (base == UNMAPPED) {
            if (mapping != null) {
                mapping.close();
                mapping = null;
            }
        } else if (mapping == null) {
            mapping = map.apply(base);
        } else {
            mapping.moveTo(base);
        }
    }
}
