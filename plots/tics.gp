# SPDX-License-Identifier: GPL-2.0-only
# Round numbers at the y axis from `least` to `top`; of a logarithmic one (log_y) as many as have room.
thousands(v) = v >= 1e6 ? sprintf("%gM", v / 1e6) : v >= 1e4 ? sprintf("%gk", v / 1e3) : sprintf("%g", v)
set ytics ()
if (exists("log_y")) {
	decades = log10(top / least)
	mantissas = decades < 0.5 ? "1 1.2 1.4 1.6 1.8 2 2.5 3 3.5 4 5 6 7 8 9" : decades < 1.1 ? "1 1.5 2 3 4 6 8" : decades < 2.1 ? "1 2 5" : "1 3"
	do for [k = int(floor(log10(least))):int(ceil(log10(top)))] {
		do for [m in mantissas] {
			v = m * 10.0 ** k
			if (v >= least / 1.2 && v <= top * 1.2) { set ytics add (thousands(v) v) }
		}
	}
} else {
	span = (top - least) / (narrow ? 4 : 6)
	step = 10.0 ** floor(log10(span))
	step = step * (span / step > 5 ? 10 : span / step > 2 ? 5 : span / step > 1 ? 2 : 1)
	do for [n = int(ceil(least / step - 1e-9)):int(floor(top * 1.06 / step))] {
		v = n * step
		set ytics add ((top >= 2e4 ? (abs(v) >= 1e6 ? sprintf("%gM", v / 1e6) : sprintf(v == 0 ? "0" : "%gk", v / 1e3)) : sprintf("%g", v)) v)
	}
}
