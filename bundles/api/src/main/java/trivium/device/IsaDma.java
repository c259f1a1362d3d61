package trivium.device;

import org.osgi.annotation.versioning.ConsumerType;
import trivium.bus.DmaChannel;

/** The 8237A pair as the board sees it. Provided through {@link Platform#provide} by "dma". */
@ConsumerType
public interface IsaDma {
    /**
     * @param channel 0 to 7; 4, the cascade, never has anything to transfer
     */
    DmaChannel channel(int channel);
}
