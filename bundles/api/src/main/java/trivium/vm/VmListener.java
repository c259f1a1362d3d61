package trivium.vm;

import org.osgi.annotation.versioning.ConsumerType;

/** Told of events in the life of VMs. Also published as a whiteboard service. Must not block. */
@ConsumerType
public interface VmListener {
    void onEvent(VmEvent event);
}
