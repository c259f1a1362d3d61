package trivium.device;

import java.util.Map;
import org.osgi.annotation.versioning.ConsumerType;

/** A {@link Device} that can take states of earlier versions of its model. */
@ConsumerType
public interface StateMigration {
    /**
     * Makes components of this version out of those of an earlier one. Called before {@link
     * Device#restore}.
     *
     * @param version of the state, see {@link StateVersion}
     * @param state components by name: boxed numbers and booleans, strings, arrays of primitives,
     *     lists; nested records are maps. May be changed
     * @return components by name; those of the record that are missing keep their values of
     *     power-on
     * @throws IllegalArgumentException if it cannot be done, with the reason
     */
    Map<String, Object> migrate(int version, Map<String, Object> state);
}
