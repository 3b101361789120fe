package io.penstock.runtime.jinja;

import java.util.AbstractList;
import java.util.List;

/** A list that is written in parentheses and gives {@code %} several values. */
final class Tuple extends AbstractList<Object> {
    private final List<Object> items;

    Tuple(List<Object> items) {
        this.items = List.copyOf(items);
    }

    @Override
    public Object get(int index) {
        return items.get(index);
    }

    @Override
    public int size() {
        return items.size();
    }
}
