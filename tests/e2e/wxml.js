// SPDX-License-Identifier: GPL-3.0-or-later
// As much of WXML as one page of ours needs, strict about everything else: elements view and button,
// wx:if, wx:for, wx:key, {{path}} in attributes and texts. Written from the vendor's reference.
//
//   parse(source) → a template;  render(template, data) → [{ text, class, tap, disabled }, …],
//   a row for each element that shows a text, in their order

'use strict';

const TOKEN = /<!--[\s\S]*?-->|<(\/?)([a-z-]+)((?:\s+[a-z:-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g;
const ATTRIBUTE = /([a-z:-]+)="([^"]*)"/g;
const HOLE = /\{\{([^}]*)\}\}/g;
const PATH = /^[a-z]+(?:\.[a-z]+)*$/i;

const KNOWN = {
	view: ['class', 'wx:if', 'wx:for', 'wx:key'],
	button: ['class', 'wx:if', 'disabled', 'loading', 'bindtap'],
};

function attributesOf(name, source) {
	const found = {};

	for (const [, key, value] of source.matchAll(ATTRIBUTE)) {
		if (!KNOWN[name].includes(key))
			throw new Error(`<${name}> has no ${key}`);
		found[key] = value;
	}
	if (found['wx:for'] && !found['wx:key'])
		throw new Error('wx:for without wx:key');
	return found;
}

function parse(source) {
	const open = [{ children: [] }];
	let end = 0;

	for (const token of source.matchAll(TOKEN)) {
		const [whole, closing, name, attributes, single, text] = token;
		const top = open[open.length - 1];

		if (token.index !== end)
			throw new Error(`not understood: ${source.slice(end, token.index)}`);
		end += whole.length;
		if (text !== undefined) {
			if (text.trim())
				top.children.push({ text: text.trim() });
		} else if (closing) {
			if (open.pop().name !== name)
				throw new Error(`</${name}> closes nothing`);
		} else if (name) {
			if (!KNOWN[name])
				throw new Error(`no element <${name}>`);
			const element = { name, attributes: attributesOf(name, attributes), children: [] };

			top.children.push(element);
			if (!single)
				open.push(element);
		}
	}
	if (end !== source.length || open.length !== 1)
		throw new Error('cut off');
	return open[0];
}

function lookUp(path, scope) {
	if (!PATH.test(path))
		throw new Error(`no path: {{${path}}}`);
	return path.split('.').reduce((value, name) => (value === undefined || value === null ?
		undefined : value[name]), scope);
}

// A lone hole has its value's type; within a text an absent one is empty.
function fill(template, scope) {
	const whole = /^\{\{([^}]*)\}\}$/.exec(template);

	if (whole)
		return lookUp(whole[1], scope);
	return template.replace(HOLE, (_, path) => {
		const value = lookUp(path, scope);

		return value === undefined ? '' : String(value);
	});
}

function scopesOf(attributes, scope) {
	if (!('wx:for' in attributes))
		return [scope];
	return (fill(attributes['wx:for'], scope) || []).map((item, index) => (
		{ ...scope, item, index }));
}

function renderElement(element, scope, rows) {
	const { attributes } = element;

	for (const own of scopesOf(attributes, scope)) {
		if ('wx:if' in attributes && !fill(attributes['wx:if'], own))
			continue;
		for (const child of element.children) {
			if (child.name) {
				renderElement(child, own, rows);
				continue;
			}
			const text = fill(child.text, own);

			if (text !== undefined)
				rows.push({
					text: String(text),
					class: fill(attributes.class || '', own),
					tap: attributes.bindtap || '',
					disabled: Boolean(fill(attributes.disabled || '', own)),
				});
		}
	}
}

function render(template, data) {
	const rows = [];

	for (const child of template.children)
		renderElement(child, data, rows);
	return rows;
}

function classOfPage(template, data) {
	return fill(template.children[0].attributes.class, data);
}

module.exports = { parse, render, classOfPage };
