package trivium.device;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The version of a device's state record; 1 without this. A new version of a model raises it when
 * the record's components change. When a device's bundle is updated under a running VM, a state of
 * the same version must have the same components by name; what an earlier version had is given to
 * {@link StateMigration}, if the device implements that; a component that is new keeps its value of
 * power-on. A state of a later version, or with a component that the record has no place for, is
 * refused: the VM waits for a bundle that takes it.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface StateVersion {
    int value();
}
