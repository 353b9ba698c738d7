"""The sample catalogue's generator: garments as data, cuts as drawings, Shopify's CSV and SVG pictures out."""
