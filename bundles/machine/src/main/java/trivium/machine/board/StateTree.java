package trivium.machine.board;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import trivium.device.StateVersion;

/**
 * A device's state without the device's classes: what is left of it when its bundle is gone, and
 * what a new version of the model, with other classes of the same names, gets its state from.
 */
final class StateTree {
    /** A record: its components by name. */
    private record Node(String type, int version, Map<String, Object> components) {}

    private record Constant(String name) {}

    private final Node root;

    private StateTree(Node root) {
        this.root = root;
    }

    /**
     * @throws IllegalArgumentException if there is something in it that is no state
     */
    static StateTree of(Record state) {
        return new StateTree(node(state));
    }

    int version() {
        return root.version;
    }

    private static Node node(Record state) {
        Map<String, Object> components = new LinkedHashMap<>();
        for (RecordComponent component : state.getClass().getRecordComponents()) {
            components.put(component.getName(), tree(get(component, state)));
        }
        return new Node(state.getClass().getSimpleName(), version(state.getClass()), components);
    }

    private static int version(Class<?> type) {
        StateVersion version = type.getAnnotation(StateVersion.class);
        return version == null ? 1 : version.value();
    }

    private static Object get(RecordComponent component, Record of) {
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(of);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(component + " cannot be read", e);
        }
    }

    private static Object tree(Object value) {
        return switch (value) {
            case null -> null;
            case Record r -> node(r);
            case List<?> list -> list.stream().map(StateTree::tree).toList();
            case Optional<?> optional -> optional.map(StateTree::tree);
            case Enum<?> constant -> new Constant(constant.name());
            case Number n when n.getClass().getModule() == Object.class.getModule() -> n;
            case String s -> s;
            case Boolean b -> b;
            case Character c -> c;
            case Object array when array.getClass().isArray() -> array(array);
            default ->
                    throw new IllegalArgumentException(
                            "a state cannot hold a " + value.getClass().getName());
        };
    }

    private static Object array(Object array) {
        int length = Array.getLength(array);
        if (array.getClass().componentType().isPrimitive()) {
            Object copy = Array.newInstance(array.getClass().componentType(), length);
            System.arraycopy(array, 0, copy, 0, length);
            return copy;
        }
        List<Object> elements = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            elements.add(tree(Array.get(array, i)));
        }
        return elements;
    }

    // --- and back

    /**
     * @param powerOn a state of the device that is to take it
     * @param migrate changes the components of an earlier version; null if the device cannot
     * @throws IllegalArgumentException if it does not fit, with the reason
     */
    Record to(Record powerOn, Migration migrate) {
        int wanted = version(powerOn.getClass());
        if (root.version > wanted) {
            throw new IllegalArgumentException(
                    "its state has version %d, this model knows %d"
                            .formatted(root.version, wanted));
        }
        boolean older = root.version < wanted;
        Map<String, Object> components = root.components;
        if (older && migrate != null) {
            Map<String, Object> open = new LinkedHashMap<>();
            components.forEach((name, value) -> open.put(name, opened(value)));
            Map<String, Object> migrated = new LinkedHashMap<>();
            migrate.apply(root.version, open).forEach((k, v) -> migrated.put(k, closed(v)));
            components = migrated;
        }
        return record(
                powerOn.getClass(),
                new Node(root.type, root.version, components),
                powerOn,
                older,
                "");
    }

    /** What a device does with components of an earlier version. */
    interface Migration {
        Map<String, Object> apply(int version, Map<String, Object> components);
    }

    /** As migrations see it: maps in place of nodes. */
    private static Object opened(Object tree) {
        return switch (tree) {
            case Node(_, _, Map<String, Object> components) -> {
                Map<String, Object> open = new LinkedHashMap<>();
                components.forEach((name, value) -> open.put(name, opened(value)));
                yield open;
            }
            case List<?> list -> mapped(list, StateTree::opened);
            case Constant(String name) -> name;
            case null, default -> tree;
        };
    }

    private static Object closed(Object value) {
        return switch (value) {
            case Map<?, ?> map -> {
                Map<String, Object> components = new LinkedHashMap<>();
                map.forEach((name, v) -> components.put(String.valueOf(name), closed(v)));
                yield new Node("", 1, components);
            }
            case List<?> list -> mapped(list, StateTree::closed);
            case null, default -> value;
        };
    }

    private static List<Object> mapped(List<?> list, UnaryOperator<Object> each) {
        List<Object> result = new ArrayList<>();
        list.forEach(value -> result.add(each.apply(value)));
        return result;
    }

    /**
     * @param sample of what there is at power-on; may be null
     * @param fill whether components that the tree has not come from there, or must be there
     */
    private static Record record(
            Class<?> type, Node node, Record sample, boolean fill, String path) {
        RecordComponent[] components = type.getRecordComponents();
        Object[] values = new Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        Map<String, Object> left = new LinkedHashMap<>(node.components);
        for (int i = 0; i < components.length; i++) {
            String name = components[i].getName(), where = path + name;
            types[i] = components[i].getType();
            Object usual = sample == null ? null : get(components[i], sample);
            if (left.containsKey(name)) {
                values[i] = value(components[i].getGenericType(), left.remove(name), usual, where);
            } else if (fill) {
                values[i] = usual;
            } else {
                throw new IllegalArgumentException("its state has no '%s'".formatted(where));
            }
        }
        if (!left.isEmpty()) {
            throw new IllegalArgumentException(
                    "there is no place for '%s' of its state"
                            .formatted(path + left.keySet().iterator().next()));
        }
        return make(type, types, values, path);
    }

    private static Record make(Class<?> type, Class<?>[] types, Object[] values, String path) {
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return (Record) constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("'%s' of its state does not fit".formatted(path), e);
        }
    }

    /**
     * @param usual what is there at power-on, for its class; may be null
     */
    private static Object value(Type wanted, Object tree, Object usual, String path) {
        if (tree == null) {
            if (wanted instanceof Class<?> c && c.isPrimitive()) {
                throw unfit(path, wanted, "nothing");
            }
            return null;
        }
        if (wanted instanceof ParameterizedType p && p.getRawType() == List.class) {
            return List.copyOf(elements(p.getActualTypeArguments()[0], tree, usual, path));
        }
        if (wanted instanceof ParameterizedType p && p.getRawType() == Optional.class) {
            Type of = p.getActualTypeArguments()[0];
            Object inside = usual instanceof Optional<?> o ? o.orElse(null) : null;
            return tree instanceof Optional<?> o
                    ? o.map(v -> value(of, v, inside, path))
                    : Optional.of(value(of, tree, inside, path));
        }
        if (!(wanted instanceof Class<?> type)) {
            throw unfit(path, wanted, tree.getClass().getSimpleName());
        }
        return plain(type, tree, usual, path);
    }

    private static List<Object> elements(Type of, Object tree, Object usual, String path) {
        if (!(tree instanceof List<?> list)) {
            throw unfit(path, of, tree.getClass().getSimpleName());
        }
        List<?> usually =
                switch (usual) {
                    case List<?> there -> there;
                    case Object[] there -> Arrays.asList(there);
                    case null, default -> List.of();
                };
        List<Object> values = new ArrayList<>();
        for (Object element : list) {
            int at = values.size();
            Object like = at < usually.size() ? usually.get(at) : null;
            values.add(value(of, element, like, "%s[%d]".formatted(path, at)));
        }
        return values;
    }

    private static Object plain(Class<?> type, Object tree, Object usual, String path) {
        if (tree instanceof Node node) {
            Class<?> wanted = recordType(type, node, usual, path);
            Record like = wanted.isInstance(usual) ? (Record) usual : null;
            return record(wanted, node, like, false, path + ".");
        }
        if (tree instanceof List<?> && type.isArray()) {
            List<Object> elements = elements(type.componentType(), tree, usual, path);
            Object array = Array.newInstance(type.componentType(), elements.size());
            for (int i = 0; i < elements.size(); i++) {
                Array.set(array, i, elements.get(i));
            }
            return array;
        }
        if (type.isEnum()) {
            String name = tree instanceof Constant c ? c.name : String.valueOf(tree);
            for (Object constant : type.getEnumConstants()) {
                if (((Enum<?>) constant).name().equals(name)) {
                    return constant;
                }
            }
            throw unfit(path, type, name);
        }
        Object number = tree instanceof Number n ? number(type, n) : null;
        if (number != null) {
            return number;
        }
        if (type.isInstance(tree) || type == boolean.class && tree instanceof Boolean) {
            return tree.getClass().isArray() ? array(tree) : tree;
        }
        if (type == char.class && tree instanceof Character) {
            return tree;
        }
        throw unfit(path, type, tree.getClass().getSimpleName());
    }

    /**
     * The record a node becomes: the type itself; of a sealed interface the one so named; else the
     * one that is there at power-on.
     */
    private static Class<?> recordType(Class<?> type, Node node, Object usual, String path) {
        if (type.isRecord()) {
            return type;
        }
        if (usual instanceof Record && usual.getClass().getSimpleName().equals(node.type)) {
            return usual.getClass();
        }
        if (type.isSealed()) {
            for (Class<?> permitted : type.getPermittedSubclasses()) {
                if (permitted.isRecord() && permitted.getSimpleName().equals(node.type)) {
                    return permitted;
                }
            }
        }
        throw unfit(path, type, "record " + node.type);
    }

    /** The same number in another type; null if it is none, or would be another number. */
    private static Object number(Class<?> type, Number n) {
        if (type == double.class || type == Double.class) {
            return n.doubleValue();
        }
        if (type == float.class || type == Float.class) {
            return n instanceof Float ? n : null;
        }
        if (n instanceof Double || n instanceof Float) {
            return null;
        }
        long whole = n.longValue();
        if (type == long.class || type == Long.class) {
            return whole;
        }
        if ((type == int.class || type == Integer.class) && whole == (int) whole) {
            return (int) whole;
        }
        if ((type == short.class || type == Short.class) && whole == (short) whole) {
            return (short) whole;
        }
        if ((type == byte.class || type == Byte.class) && whole == (byte) whole) {
            return (byte) whole;
        }
        return null;
    }

    private static IllegalArgumentException unfit(String path, Type wanted, String found) {
        return new IllegalArgumentException(
                "'%s' of its state is %s, this model wants %s"
                        .formatted(path, found, wanted.getTypeName()));
    }
}
