package trivium.device;

import org.osgi.annotation.versioning.ConsumerType;

/** The IO-APIC with its inputs 0 to 23. Provided through {@link Platform#provide} by "ioapic". */
@ConsumerType
public interface IoApic extends InterruptController {}
